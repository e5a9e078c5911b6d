#pragma once

#include <string_view>

#include <libpq-fe.h>

#include "absl/status/status.h"

namespace easel::storage {

// What an answer of PostgreSQL's means to a GenerationStore, with its own words: a full disk is RESOURCE_EXHAUSTED; damage is
// DATA_LOSS; what may pass (a lost connection, a restart, a fail-over, no room for connections) is UNAVAILABLE; a mistake of
// ours is INTERNAL. Values of parameters, which may be a caller's words, are left out.
absl::Status PostgresError(const PGresult* result);

// UNAVAILABLE: the connection itself failed. libpq's words name the host and the user, never the password.
absl::Status PostgresConnectionError(const PGconn* connection, std::string_view doing);

}  // namespace easel::storage
