#include "cli/progress_display.h"

#include <unistd.h>

#include <chrono>

#include "absl/time/clock.h"
#include "cli/progress_line.h"
#include "cli/terminal.h"

namespace easel::cli {
namespace {

constexpr int kStandardError = 2;

void Write(const std::string& text) {
  // A line that cannot be drawn is no reason to end.
  [[maybe_unused]] const ssize_t written = ::write(kStandardError, text.data(), text.size());
}

}  // namespace

ProgressDisplay::ProgressDisplay(bool wanted) : begin_(absl::Now()), heard_(begin_) {
  if (wanted && CanRedraw(kStandardError)) thread_ = std::thread([this] { Draw(); });
}

ProgressDisplay::~ProgressDisplay() { Stop(); }

void ProgressDisplay::Update(const v1::Generation& generation) {
  const std::lock_guard lock(mutex_);
  generation_ = generation;
  heard_ = absl::Now();
  note_.clear();
}

void ProgressDisplay::Note(const std::string& note) {
  const std::lock_guard lock(mutex_);
  note_ = note;
}

void ProgressDisplay::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    stop_changed_.notify_all();
  }
  thread_.join();
  Write("\r\x1b[K");
}

void ProgressDisplay::Draw() {
  std::unique_lock lock(mutex_);
  for (int frame = 0; !stop_; ++frame) {
    DrawOnce(frame);
    stop_changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return stop_; });
  }
}

void ProgressDisplay::DrawOnce(int frame) {
  const absl::Time now = absl::Now();
  Write("\r" +
        ProgressLine(generation_, {.now = now,
                                   .heard = heard_,
                                   .elapsed = now - begin_,
                                   .frame = frame,
                                   .columns = Width(kStandardError),
                                   .note = note_}) +
        "\x1b[K");
}

}  // namespace easel::cli
