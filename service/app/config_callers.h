#pragma once

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"

namespace easel::app {

// Whether any caller has a key or a certificate, so that every call needs one.
bool CallersNeedCredentials(const Settings& settings);

// What must hold between callers: names, keys and certificates belong to one each.
void CheckCallers(const Settings& settings, const Sources& sources, Problems& problems);

}  // namespace easel::app
