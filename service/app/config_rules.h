#pragma once

#include <string>

#include "app/config_problems.h"
#include "app/config_schema.h"
#include "app/config_sources.h"
#include "app/environment.h"

namespace easel::app {

// What must hold between settings that are each right by themselves.
struct SafetyRequest {
  bool sandbox_asked = false;   // --sandbox
  bool insecure_asked = false;  // --insecure
  bool has_key = false;
  bool callers_known = false;  // every call needs credentials, or a certificate that TLS verifies
};

// Listening beyond this machine without a key needs --sandbox, and without credentials of callers --insecure: a missing
// secret must not fill production with sample pictures, nor open someone's account to a network.
void CheckSafety(const Settings& settings, const Sources& sources, const SafetyRequest& request, Problems& problems);

// The other rules: ports that differ, a start that is not above its maximum.
void CheckConsistency(const Settings& settings, const Sources& sources, Problems& problems);

// The data directory where none is set. Empty with a problem if the environment names no home.
std::string DefaultDataDir(const Environment& environment, Problems& problems);

}  // namespace easel::app
