#pragma once

#include <string>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"

namespace easel::cli {

// What a progress line shows beside the generation.
struct ProgressMoment {
  absl::Time now = {};
  // When the generation was last heard of.
  absl::Time heard = {};
  // Since the command began.
  absl::Duration elapsed = {};
  // Turns the spinner.
  int frame = 0;
  // Of the terminal; the line takes one less, so that it never wraps.
  int columns = 80;
  // Shown in place of the queue and the time left; empty: none.
  std::string note = {};
};

// "| rendering  [#####-----]  45 %  12 s, about 15 s left": one line of ASCII without a line break. What does not fit
// is left out, the bar first. Between two reports of the service, the bar moves on towards the expected end.
std::string ProgressLine(const v1::Generation& generation, const ProgressMoment& moment);

}  // namespace easel::cli
