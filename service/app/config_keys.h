#pragma once

#include <string>
#include <vector>

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"
#include "app/environment.h"

namespace easel::app {

// The upstream's keys, each once: those of upstream.api_key first (ZAI_API_KEY or its file, separated by commas or lines),
// then those that the entries of upstream.keys name, which are filled in on the way.
std::vector<std::string> CollectKeys(const Environment& environment, Settings& settings, const Sources& sources,
                                     Problems& problems);

// The same for each of upstream.fallbacks, in their order.
std::vector<std::vector<std::string>> CollectFallbackKeys(const Environment& environment, Settings& settings,
                                                          const Sources& sources, Problems& problems);

}  // namespace easel::app
