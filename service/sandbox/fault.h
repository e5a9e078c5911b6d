#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace easel::sandbox {

// Faults on demand.
//
// A prompt carries them as directives, `[[sandbox: code=1302 times=2]]`, and POST /sandbox/faults takes the same words as
// JSON, `{"code": 1302, "times": 2}` (one object or an array of them; a word without a value is `true`). Case does not
// matter, `_` is as good as `-`, commas between words are ignored, a value with spaces goes into double quotes.
//
//   code=NNNN       a business error with its HTTP status by Z.AI's table (code=1301 filter=2: with that level)
//   http=NNN        that HTTP status: beside code= instead of the table's, alone with an HTML page (http=200 code=1305: an
//                   error in a 200)
//   retry-after=S   a Retry-After header on that error
//   slow=S          the answer comes S seconds later (not scaled)
//   hang            the request is read and never answered
//   drop            the request is read and the connection closed without an answer
//   after-accept    hang, drop, code and http strike after the task was accepted and charged; `drop=after-accept` for short
//   cut             the connection is closed in the middle of the image, or of the reply if an operation is named
//   404=N           the image is 404 the first N times
//   wrong-size      the image has other dimensions than asked for
//   not-image       the image host sends an HTML page as image/png
//   redirect=URL    the image host redirects there
//   fail[=REASON]   the task ends in FAIL, with an `error` if a reason is given (a number is a business code); a sync
//                   generation answers 1234 (or that code) and is not charged
//   filter=LEVEL    success with a content_filter entry of that level (0 is the worst)
//   no-image        success without an image
//   signed          the image's URL has a signed query that must come back byte for byte
//   operation=OP    where code, http, slow, hang, drop and cut strike: submit (the default), poll or fetch
//   model=MODEL     only for that model
//   times=N         how often it strikes; 0 is always. Default: always in a prompt, once by the call. In a prompt it counts
//                   submissions of the same prompt, and polls and fetches of the same task
//
// Of several faults for one event the first with strikes left is taken, the prompt's own before those of the call. Faults
// strike valid requests with a good key only.
struct Outcome {
  bool fail = false;
  std::string fail_reason;
  std::optional<int> filter;
  bool no_image = false;
  bool signed_url = false;
};

struct Fault {
  enum class At { kSubmit, kAccept, kPoll, kFetch };

  At at = At::kSubmit;
  std::string model;  // any if empty
  int times = 0;      // 0: always
  std::string words;  // as given, for listings

  // kSubmit, kPoll, kFetch:
  std::optional<int> code;
  std::optional<int> http;
  std::optional<int> retry_after;
  std::optional<int> filter;
  double slow_seconds = 0;
  bool hang = false;
  bool drop = false;
  bool cut = false;
  bool after_accept = false;

  // kFetch:
  bool not_found = false;
  bool wrong_size = false;
  bool not_image = false;
  std::string redirect;

  // kAccept: what becomes of the task.
  Outcome outcome;
};

using FaultWords = std::vector<std::pair<std::string, std::string>>;

// One fault for each kind of event that the words speak of. INVALID_ARGUMENT, with the known words, for an unknown one.
absl::StatusOr<std::vector<Fault>> ParseFault(const FaultWords& words, int default_times);

}  // namespace easel::sandbox
