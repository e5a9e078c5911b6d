#include "http/request.h"

#include <boost/url/decode_view.hpp>
#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse_query.hpp>

#include "absl/strings/match.h"

namespace easel::http {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()), absl::string_view(b.data(), b.size()));
}

std::string Decoded(boost::urls::pct_string_view encoded) {
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  const auto view = boost::urls::decode_view(encoded, options);
  return std::string(view.begin(), view.end());
}

}  // namespace

std::optional<std::string_view> Request::Header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (SameName(header, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string> Request::Parameter(std::string_view name) const {
  const auto parameters = boost::urls::parse_query(query);
  if (!parameters) return std::nullopt;
  for (const auto& parameter : *parameters) {
    if (Decoded(parameter.key) == name) return Decoded(parameter.value);
  }
  return std::nullopt;
}

}  // namespace easel::http
