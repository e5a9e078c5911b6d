#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "generation/ports/image_store.h"
#include "tests/fakes/gate.h"

namespace easel::fakes {

// Images in memory that survive a "crash", with faults at a test's wish. For one thread.
class FakeImageStore final : public generation::ImageStore {
 public:
  // The next `count` calls of this kind fail: the disk is full.
  void FailCreates(int count) { failing_creates_ = count; }
  void FailAppends(int count) { failing_appends_ = count; }
  void FailKeeps(int count) { failing_keeps_ = count; }
  void FailRemoves(int count) { failing_removes_ = count; }
  void FailChecks(int count) { failing_checks_ = count; }
  // Where removals wait.
  Gate& remove_hold() { return remove_hold_; }

  const std::map<std::string, std::string, std::less<>>& kept() const { return kept_; }
  void Lose() { kept_.clear(); }
  // As a crash leaves them: bytes that no record knows.
  void Put(const std::string& digest, std::string bytes) { kept_[digest] = std::move(bytes); }

  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> Create() override;
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> Open(std::string_view digest) override;
  boost::asio::awaitable<absl::Status> Remove(std::string_view digest) override;
  boost::asio::awaitable<absl::StatusOr<std::vector<std::string>>> List(std::string_view after, int limit) override;
  boost::asio::awaitable<absl::Status> Check() override;

 private:
  class Writer;
  class Reader;

  std::map<std::string, std::string, std::less<>> kept_;
  Gate remove_hold_;
  int failing_creates_ = 0;
  int failing_appends_ = 0;
  int failing_keeps_ = 0;
  int failing_removes_ = 0;
  int failing_checks_ = 0;
};

}  // namespace easel::fakes
