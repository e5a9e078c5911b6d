#include "generation/ids.h"

#include <string>
#include <vector>

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace easel::generation {
namespace {

TEST(IdsTest, SortByTimeAndAreNamesAndNeverTheSame) {
  std::mt19937_64 random(1);
  const std::function<std::uint64_t()> bits = [&] { return random(); };
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(NewName(now += absl::Microseconds(1 + i % 7 * 700'000), bits));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (int i = 0; i < 1000; ++i) names.push_back(NewName(now, bits));
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), 2000U);
  EXPECT_TRUE(std::all_of(names.begin(), names.end(), [](const std::string& name) { return IsName(name); }));
}

TEST(IdsTest, WhatIsSpelledOtherwiseIsNoName) {
  const std::string id = NewId(absl::FromUnixSeconds(1), [] { return std::uint64_t{0xFFFFFFFFFFFFFFFF}; });
  ASSERT_EQ(id.size(), 26U);
  EXPECT_TRUE(IsName("generations/" + id));
  for (const std::string& name : std::vector<std::string>{"", id, "generations/", "generations/" + id + "0", "generations/" + id.substr(1),
                                  "images/" + id, "generations/" + id.substr(1) + "U", "generations/" + id.substr(1) + "l",
                                  "generations/" + id.substr(1) + "/"}) {
    EXPECT_FALSE(IsName(name)) << name;
  }
}

}  // namespace
}  // namespace easel::generation
