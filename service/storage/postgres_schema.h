#pragma once

#include <boost/asio/awaitable.hpp>

#include "absl/status/status.h"
#include "storage/postgres_connection.h"

namespace easel::storage {

// Brings the tables to the newest schema, in one transaction and under a lock, so that several processes may do it at the
// same time. easel_schema holds the version. FAILED_PRECONDITION: a newer Easel made the tables; they are left alone.
boost::asio::awaitable<absl::Status> MigratePostgresSchema(PostgresConnection& connection, const std::string& schema);

}  // namespace easel::storage
