#include "storage/s3/s3_xml.h"

#include <exception>
#include <optional>
#include <sstream>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

namespace easel::storage {
namespace {

namespace tree = boost::property_tree;

std::optional<tree::ptree> Parse(std::string_view xml) {
  try {
    std::istringstream text{std::string(xml)};
    tree::ptree parsed;
    tree::read_xml(text, parsed);
    return parsed;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string XmlText(std::string_view xml, const std::string& path) {
  const auto parsed = Parse(xml);
  return parsed ? parsed->get<std::string>(path, "") : std::string();
}

absl::StatusOr<std::vector<std::string>> ListedKeys(std::string_view xml) {
  const auto parsed = Parse(xml);
  const auto result = parsed ? parsed->get_child_optional("ListBucketResult") : boost::none;
  if (!result) return absl::UnavailableError("the object storage answers a listing with something else");
  std::vector<std::string> keys;
  for (const auto& [name, entry] : *result) {
    if (name == "Contents") keys.push_back(entry.get<std::string>("Key", ""));
  }
  return keys;
}

}  // namespace easel::storage
