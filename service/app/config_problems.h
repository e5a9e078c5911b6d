#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace easel::app {

// What is wrong with a configuration, collected so that all of it is said at once. No line may hold a secret.
class Problems {
 public:
  // `where` is "FILE:LINE", a variable or a flag; `what` one line for people: what is wrong and what to do.
  void Add(const std::string& where, const std::string& what) { lines_.push_back(absl::StrCat(where, ": ", what)); }

  const std::vector<std::string>& lines() const { return lines_; }

  // INVALID_ARGUMENT with one problem a line, in the order of their finding; OK if there is none.
  absl::Status ToStatus() const {
    return lines_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace easel::app
