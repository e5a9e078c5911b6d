#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"

namespace easel::cli {

// The live line on standard error, redrawn ten times a second by a thread of its own; silent where standard error is no
// terminal or `wanted` is false. Thread-safe.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(bool wanted);
  // Stops.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // Takes away the note.
  void Update(const v1::Generation& generation);
  void Note(const std::string& note);
  // Erases the line; nothing is drawn afterwards.
  void Stop();

 private:
  void Draw();
  void DrawOnce(int frame);

  const absl::Time begin_;
  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;
  v1::Generation generation_;
  absl::Time heard_;
  std::string note_;
  std::thread thread_;
};

}  // namespace easel::cli
