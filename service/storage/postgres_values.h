#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace easel::storage {

// The parameters of a statement, in order. Numbers go as text, which fits every type; texts and bytes go as they are, with
// their length, so that no byte in them ends them.
class PostgresValues {
 public:
  struct Value {
    std::optional<std::string> bytes;  // nothing: NULL
    bool binary = false;
  };

  PostgresValues& Text(std::string_view text) {
    values_.push_back({std::string(text), true});
    return *this;
  }
  PostgresValues& TextOrNull(std::string_view text) { return text.empty() ? Null() : Text(text); }
  PostgresValues& Bytes(std::string_view bytes) { return Text(bytes); }
  PostgresValues& Integer(std::int64_t value) {
    values_.push_back({std::to_string(value), false});
    return *this;
  }
  PostgresValues& IntegerOrNull(std::optional<std::int64_t> value) { return value ? Integer(*value) : Null(); }
  // As PostgreSQL writes it: a number with a point, an array.
  PostgresValues& Written(std::string text) {
    values_.push_back({std::move(text), false});
    return *this;
  }

  const std::vector<Value>& all() const { return values_; }

 private:
  PostgresValues& Null() {
    values_.push_back({std::nullopt, false});
    return *this;
  }

  std::vector<Value> values_;
};

}  // namespace easel::storage
