#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

namespace easel::storage {

// The rows that a statement brought, in PostgreSQL's binary format: every number that a statement of ours answers with is a
// bigint.
class PostgresResult {
 public:
  explicit PostgresResult(PGresult* result) : result_(result) {}

  PGresult* get() const { return result_.get(); }
  int rows() const { return PQntuples(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // Lives as long as this.
  std::string_view BytesAt(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  // NULL is 0.
  std::int64_t IntegerAt(int row, int column) const {
    std::uint64_t value = 0;
    for (const char byte : BytesAt(row, column)) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace easel::storage
