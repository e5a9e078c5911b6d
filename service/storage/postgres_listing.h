#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "generation/ports/generation_store.h"
#include "storage/postgres_connection.h"

namespace easel::storage {

// The page that a query of a GenerationStore wants. What it costs follows `limit`, not how many records have ended, wherever
// the query names a caller: it is put together from runs of names, each in the order of an index, of what runs and of each
// state that has ended.
boost::asio::awaitable<absl::StatusOr<std::vector<generation::Record>>> ListRecords(PostgresConnection& connection,
                                                                                    const generation::ListQuery& query);

}  // namespace easel::storage
