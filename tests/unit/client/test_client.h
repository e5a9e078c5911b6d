#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "easel/client.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_image_errors.h"
#include "tests/fakes/fake_image_service.h"

namespace easel::client {

// Waits take no time: the clock jumps.
class JumpingWaiter final : public Waiter {
 public:
  absl::Time Now() override { return absl::Now() + jumped_; }

  bool Wait(absl::Duration duration, Cancellation* cancellation) override {
    waits.push_back(duration);
    jumped_ += duration;
    return cancellation == nullptr || !cancellation->cancelled();
  }

  std::vector<absl::Duration> waits;

 private:
  absl::Duration jumped_;
};

// A client of a fake service, with a clock that jumps.
class ClientTest : public testing::Test {
 protected:
  Client& client() {
    if (!client_) {
      options.address = service.address();
      auto connected = Client::Connect(options, waiter);
      EXPECT_TRUE(connected.ok()) << connected.status();
      client_ = std::make_unique<Client>(*std::move(connected));
    }
    return *client_;
  }

  static v1::GenerateImageRequest Request(const std::string& prompt = "a kitten") {
    v1::GenerateImageRequest request;
    request.mutable_spec()->set_prompt(prompt);
    return request;
  }

  static grpc::Status Broken() { return {grpc::StatusCode::UNAVAILABLE, "Socket closed"}; }

  static grpc::Status Scripted(v1::ErrorReason reason) { return fakes::ToGrpc(fakes::ErrorFor(reason)); }

  fakes::FakeImageService service;
  JumpingWaiter waiter;
  ConnectOptions options;

 private:
  std::unique_ptr<Client> client_;
};

}  // namespace easel::client
