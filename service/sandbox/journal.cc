#include "sandbox/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

absl::Status Failed(const char* what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

// The length of what could be read: up to the first line that is no JSON object.
std::size_t ReplayLines(std::string_view text, const Journal::Replay& replay) {
  std::size_t good = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', good)) {
    boost::system::error_code error;
    const json::value line = json::parse(json::string_view(text.data() + good, end - good), error);
    if (error || !line.is_object()) break;
    replay(line.as_object());
    good = end + 1;
  }
  return good;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& path, const Replay& replay) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return Failed("open", path);
  std::unique_ptr<Journal> journal(new Journal(descriptor));
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t good = 0;
  try {
    good = ReplayLines(text, replay);
  } catch (const std::exception& fault) {
    return absl::DataLossError(absl::StrCat(path, " was not written by this version of the sandbox (", fault.what(),
                                            "): remove it to start afresh"));
  }
  if (::ftruncate(descriptor, static_cast<off_t>(good)) != 0) return Failed("shorten", path);
  return journal;
}

Journal::~Journal() { ::close(descriptor_); }

void Journal::Append(const json::object& line) {
  const std::string text = json::serialize(line) + "\n";
  [[maybe_unused]] const auto written = ::write(descriptor_, text.data(), text.size());
}

void Journal::Clear() { [[maybe_unused]] const int result = ::ftruncate(descriptor_, 0); }

}  // namespace easel::sandbox
