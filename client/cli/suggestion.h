#pragma once

#include <string>
#include <vector>

namespace easel::cli {

// ", did you mean NAME?" for the one of `names` that is at most two typing errors away; empty: there is none.
std::string DidYouMean(const std::string& typed, const std::vector<std::string>& names);

}  // namespace easel::cli
