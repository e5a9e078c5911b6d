#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "easel/v1/image_service.pb.h"

namespace easel::fakes {

// Generations in memory that move when they are told to. Thread-safe.
//
// A prompt directs its own generation: "[[fail CONTENT_BLOCKED]]" fails after SUBMITTING with that reason, "[[hang]]"
// never leaves RENDERING, "[[blue]]" makes other bytes.
class FakeGenerations {
 public:
  // The generation of `request_id`, made if there is none or if it failed.
  v1::Generation Reserve(const std::string& request_id, const v1::ImageSpec& spec);
  std::optional<v1::Generation> Find(const std::string& name) const;
  // Newest first.
  std::vector<v1::Generation> All() const;
  // Its next state; unset: it has ended, or hangs.
  std::optional<v1::Generation> Advance(const std::string& name);
  v1::Generation Cancel(const std::string& name);
  bool Remove(const std::string& name);

  // The bytes of a finished one's image: 200,000 of them, after a PNG's signature.
  static std::string Bytes(const v1::Generation& generation);

 private:
  void Finish(v1::Generation& generation);

  mutable std::mutex mutex_;
  std::map<std::string, v1::Generation> generations_;
  int64_t made_ = 0;
};

bool Ended(const v1::Generation& generation);

}  // namespace easel::fakes
