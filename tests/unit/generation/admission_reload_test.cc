#include <gmock/gmock.h>

#include "generation/account_list.h"
#include "generation/catalog.h"
#include "tests/unit/generation/admission_fixture.h"

namespace easel::generation {
namespace {

using Answer = Governor::Answer;

class AdmissionReloadTest : public AdmissionTest {};

TEST_F(AdmissionReloadTest, AnAccountThatComesTakesWhoWaits) {
  Open({.start = 1, .max = 1});
  Guest& running = Queue("running");
  Guest& waiting = Queue("waiting");
  EXPECT_FALSE(waiting.answered);
  admission_->SetAccounts({&first_, &second_});
  Settle();
  ASSERT_TRUE(waiting.turn);
  EXPECT_EQ(&waiting.turn->account(), &second_);
  EXPECT_EQ(&running.turn->account(), &first_);
}

TEST_F(AdmissionReloadTest, AnAccountThatGoesKeepsItsTurnsAndGetsNoMore) {
  Open({.start = 1, .max = 1});
  Guest& running = Queue("running");
  admission_->SetAccounts({&second_});
  EXPECT_EQ(&running.turn->account(), &first_);
  Report(running, Answer::kTaken);
  Guest& next = Queue("next");
  ASSERT_TRUE(next.turn);
  EXPECT_EQ(&next.turn->account(), &second_);
  Guest& waiting = Queue("waiting");
  GiveBack(running);
  EXPECT_FALSE(waiting.answered);
  GiveBack(next);
  EXPECT_TRUE(waiting.turn);
}

TEST_F(AdmissionReloadTest, WhatRanBeforeARestartStillFindsItsAccount) {
  Open({.start = 1, .max = 1});
  admission_->SetAccounts({&second_});
  EXPECT_TRUE(admission_->Occupy(first_, kModel));
}

TEST_F(AdmissionReloadTest, TheNewOrderIsTheOrderOfPreference) {
  Open({.start = 1, .max = 1}, 100, {&first_, &second_});
  admission_->SetAccounts({&second_, &first_});
  Guest& guest = Queue("guest");
  EXPECT_EQ(&guest.turn->account(), &second_);
}

TEST_F(AdmissionReloadTest, AnAccountThatComesBackIsKnown) {
  Open({.start = 1, .max = 1});
  Guest& refused = Queue("refused");
  Use(refused, Answer::kRefusedKey);
  admission_->SetAccounts({&second_});
  EXPECT_TRUE(admission_->Takes(kModel, {}));
  admission_->SetAccounts({&first_});
  EXPECT_FALSE(admission_->Takes(kModel, {}));
}

TEST_F(AdmissionReloadTest, LimitsHoldFromHereOn) {
  Open({.start = 1, .max = 1}, 1);
  Queue("running");
  Guest& waiting = Queue("waiting");
  EXPECT_FALSE(admission_->Promise(kModel).ok());
  admission_->SetLimits(2, {.start = 2, .max = 2});
  Settle();
  EXPECT_TRUE(waiting.turn);
  EXPECT_TRUE(admission_->Promise(kModel).ok());
}

TEST(GovernorReloadTest, WhatItLearntStaysTrueWithinTheNewMaximum) {
  Governor governor({.start = 8, .max = 32});
  governor.SetLimits({.start = 8, .max = 4});
  EXPECT_EQ(governor.limit(), 4);
  governor.SetLimits({.start = 8, .max = 32});
  EXPECT_EQ(governor.limit(), 4);
  governor.SetLimits({.start = 6, .max = 32});
  EXPECT_EQ(governor.limit(), 6);
}

TEST(CatalogReloadTest, NewPricesHoldForEveryCopyAndOldOnesComeBack) {
  Catalog catalog(Host::kZai);
  const Catalog copy = catalog;
  const v1::Model* before = copy.Find("glm-image");
  v1::ImageSpec spec;
  catalog.SetPrices({{"glm-image", v1::QUALITY_HD, 7, "EUR"}});
  EXPECT_EQ(copy.Charge(copy.Resolve(spec), v1::CHARGE_STATE_MADE).cost_micros(), 7);
  EXPECT_EQ(before->qualities(0).cost_micros(), 15'000);
  catalog.SetPrices({});
  EXPECT_EQ(copy.Charge(copy.Resolve(spec), v1::CHARGE_STATE_MADE).cost_micros(), 15'000);
}

TEST(AccountListTest, FindsWhatWasInUseOnce) {
  fakes::ScriptedImageModel first("00000001");
  fakes::ScriptedImageModel second("00000002");
  AccountList accounts({&first});
  const AccountList copy = accounts;
  accounts.Replace({&second});
  EXPECT_EQ(copy.InUse().front(), &second);
  EXPECT_EQ(copy.Find(first.upstream(), "00000001"), &first);
  EXPECT_EQ(copy.Find(first.upstream(), "00000003"), nullptr);
}

}  // namespace
}  // namespace easel::generation
