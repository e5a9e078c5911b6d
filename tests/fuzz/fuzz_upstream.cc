// Answers of the upstream: any status with any body becomes a task, an image or an error that is fit to be shown, and an
// error never says "not taken" where nobody knows.
// Input: "STATUS|Retry-After|prompt", a new line, and the body.
#include <charconv>
#include <cmath>

#include "tests/fuzz/fuzz.h"
#include "upstream/zai/classify.h"
#include "upstream/zai/error_classes.h"

namespace easel::fuzz {
namespace {

using generation::Taken;
using generation::UpstreamError;

constexpr std::string_view kKeyId = "k3yid0123456789abcdef";
constexpr std::string_view kKeySecret = "k3ysecretABCDEF";
constexpr std::string_view kKey = "k3yid0123456789abcdef.k3ysecretABCDEF";

int Number(std::string_view text) {
  int number = 200;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::abs(number % 1000);
}

// What stands in place of a query, or as much of it as a text of the longest length has room for.
bool IsCutQuery(std::string_view query) {
  constexpr std::string_view kCut = "?...";
  return query.starts_with(kCut) || kCut.starts_with(query);
}

// Every part of the text that could be a URL ends at its question mark.
void CheckQueries(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \"<>");
    const std::string_view word = text.substr(0, end);
    const std::size_t slash = word.find("://");
    const std::size_t query = slash == std::string_view::npos ? slash : word.find('?', slash);
    if (query != std::string_view::npos) Require(IsCutQuery(word.substr(query)), "no query is shown", word);
    if (query != std::string_view::npos) Require(word.find('=', query) == std::string_view::npos, "no signature is shown", word);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

bool Repeats(std::string_view text, std::string_view prompt) {
  constexpr std::size_t kRun = 24;
  for (std::size_t at = 0; at + kRun <= prompt.size(); ++at) {
    if (text.find(prompt.substr(at, kRun)) != std::string_view::npos) return true;
  }
  return false;
}

void CheckText(std::string_view text, std::string_view prompt) {
  Require(IsUtf8(text) && !HasControl(text), "one line of text", text);
  Require(text.find(kKeyId) == text.npos && text.find(kKeySecret) == text.npos, "no key is shown", text);
  Require(!Repeats(text, prompt), "no prompt is shown", text);
  CheckQueries(text);
}

// Whether this answer leaves open if the upstream took the work.
bool IsOpen(int status, const UpstreamError& error) {
  if (upstream::ClassOfCode(error.code)) return false;
  return (status >= 200 && status < 300) || status == 408 || status == 502 || status == 504 || status > 504;
}

void CheckError(const UpstreamError& error, int status, std::string_view prompt) {
  Require(!error.code.empty() && error.code.size() <= 32, "an error has a code", error.code);
  Require(!error.message.empty() && error.message.size() < 1024, "an error has a message", error.message);
  Require(error.reason != v1::ERROR_REASON_UNSPECIFIED && error.http_status == status, "an error says what it is");
  CheckText(error.code, prompt);
  CheckText(error.message, "");
  // Behind Easel's own sentence come the upstream's words.
  std::string_view words = error.message;
  TakeUntil(words, "): ");
  CheckText(words, prompt);
  Require(!error.retry_after || (*error.retry_after >= absl::ZeroDuration() && *error.retry_after <= absl::Hours(24)),
          "waiting has bounds");
  Require(error.content_filter.size() <= 16, "a few filter entries");
  for (const auto& filter : error.content_filter) CheckText(filter.role(), prompt);
}

void CheckReady(const generation::ImageReady& ready) {
  Require(!ready.url.empty() && ready.url.size() <= 8192 && IsUtf8(ready.url), "a URL of a length that is fetched");
  if (!ready.expire_time) return;
  Require(*ready.expire_time >= absl::FromUnixSeconds(0) && *ready.expire_time <= absl::FromUnixSeconds(8'000'000'000),
          "a URL expires within two centuries", ready.url);
}

void CheckTask(const std::string& id) {
  Require(!id.empty() && id.size() <= 256 && IsUtf8(id) && !HasControl(id), "a task's id fits a record and a header", id);
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  using namespace easel::generation;
  std::string_view input = View(data, size);
  std::string_view head = TakeUntil(input, "\n");
  easel::upstream::HttpReply reply;
  reply.head.status = Number(TakeUntil(head, "|"));
  reply.head.headers.push_back({"Retry-After", std::string(TakeUntil(head, "|"))});
  reply.body = std::string(input);
  const std::string prompt(head);
  for (const bool task : {false, true}) {
    const auto said = easel::upstream::ReadSubmission(reply, task, {kKey, prompt});
    if (const auto* error = std::get_if<UpstreamError>(&said)) {
      CheckError(*error, reply.head.status, prompt);
      Require(!IsOpen(reply.head.status, *error) || error->taken != Taken::kNo, "what may be paid is not called free");
    }
    if (const auto* ready = std::get_if<ImageReady>(&said)) CheckReady(*ready);
    if (const auto* accepted = std::get_if<TaskAccepted>(&said)) CheckTask(accepted->task_id);
  }
  const auto said = easel::upstream::ReadPoll(reply, {kKey, std::nullopt});
  if (const auto* error = std::get_if<UpstreamError>(&said)) CheckError(*error, reply.head.status, "");
  if (const auto* ready = std::get_if<ImageReady>(&said)) CheckReady(*ready);
  return 0;
}
