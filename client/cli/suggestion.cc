#include "cli/suggestion.h"

#include <algorithm>
#include <numeric>

namespace easel::cli {
namespace {

// Levenshtein's distance.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string DidYouMean(const std::string& typed, const std::vector<std::string>& names) {
  const auto nearest = std::min_element(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return Distance(typed, a) < Distance(typed, b);
  });
  if (nearest == names.end() || Distance(typed, *nearest) > 2) return "";
  return ", did you mean " + *nearest + "?";
}

}  // namespace easel::cli
