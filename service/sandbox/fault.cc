#include "sandbox/fault.h"

#include <functional>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace easel::sandbox {
namespace {

// The faults that one set of words may become; `answer` strikes where `operation` says.
struct Draft {
  Fault answer;
  Fault fetch;
  Fault accept;
  int not_found_times = 0;
  bool has_answer = false;
  bool has_fetch = false;
  bool has_accept = false;
  std::optional<Fault::At> operation;
  int times = 0;
  std::string model;

  Fault& Answer() {
    if (operation == Fault::At::kFetch) return Fetch();
    has_answer = true;
    return answer;
  }
  Fault& Fetch() {
    has_fetch = true;
    return fetch;
  }
  Fault& Accept() {
    has_accept = true;
    return accept;
  }
};

using WordSetter = std::function<absl::Status(Draft&, const std::string&)>;

absl::Status ReadNumber(const std::string& text, std::optional<int>& number) {
  int value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < 0) {
    return absl::InvalidArgumentError(absl::StrCat("wants a number, not \"", text, "\""));
  }
  number = value;
  return absl::OkStatus();
}

absl::Status SetCode(Draft& draft, const std::string& value) { return ReadNumber(value, draft.Answer().code); }

absl::Status SetHttp(Draft& draft, const std::string& value) {
  std::optional<int> status;
  if (absl::Status read = ReadNumber(value, status); !read.ok()) return read;
  if (*status < 200 || *status > 599) return absl::InvalidArgumentError("wants an HTTP status from 200 to 599");
  draft.Answer().http = status;
  return absl::OkStatus();
}

absl::Status SetSlow(Draft& draft, const std::string& value) {
  double seconds = 0;
  if (!absl::SimpleAtod(value, &seconds) || !(seconds >= 0) || seconds > 86400) {
    return absl::InvalidArgumentError(absl::StrCat("wants seconds, not \"", value, "\""));
  }
  draft.Answer().slow_seconds = seconds;
  return absl::OkStatus();
}

absl::Status SetDrop(Draft& draft, const std::string& value) {
  draft.Answer().drop = true;
  if (value == "after-accept" || value == "after_accept") draft.Answer().after_accept = true;
  return absl::OkStatus();
}

absl::Status SetCut(Draft& draft, const std::string&) {
  (draft.operation ? draft.Answer() : draft.Fetch()).cut = true;
  return absl::OkStatus();
}

absl::Status SetNotFound(Draft& draft, const std::string& value) {
  std::optional<int> times;
  if (absl::Status read = ReadNumber(value.empty() ? "1" : value, times); !read.ok()) return read;
  draft.not_found_times = *times;
  return absl::OkStatus();
}

absl::Status SetFail(Draft& draft, const std::string& value) {
  draft.Accept().outcome.fail = true;
  draft.Accept().outcome.fail_reason = value;
  return absl::OkStatus();
}

absl::Status SetOperation(Draft& draft, const std::string& value) {
  const std::map<std::string, Fault::At> known = {
      {"submit", Fault::At::kSubmit}, {"poll", Fault::At::kPoll}, {"fetch", Fault::At::kFetch}};
  const auto found = known.find(absl::AsciiStrToLower(value));
  if (found == known.end()) return absl::InvalidArgumentError("wants submit, poll or fetch");
  draft.operation = found->second;
  return absl::OkStatus();
}

absl::Status SetTimes(Draft& draft, const std::string& value) {
  std::optional<int> times;
  if (absl::Status read = ReadNumber(value, times); !read.ok()) return read;
  draft.times = *times;
  return absl::OkStatus();
}

template <typename Act>
WordSetter Plain(Act act) {
  return [act](Draft& draft, const std::string& value) {
    act(draft, value);
    return absl::OkStatus();
  };
}

const std::map<std::string, WordSetter>& KnownWords() {
  static const auto* words = new std::map<std::string, WordSetter>{
      {"code", SetCode},
      {"http", SetHttp},
      {"retry-after", [](Draft& d, const std::string& v) { return ReadNumber(v, d.Answer().retry_after); }},
      {"slow", SetSlow},
      {"hang", Plain([](Draft& d, const std::string&) { d.Answer().hang = true; })},
      {"drop", SetDrop},
      {"after-accept", Plain([](Draft& d, const std::string&) { d.Answer().after_accept = true; })},
      {"cut", SetCut},
      {"404", SetNotFound},
      {"wrong-size", Plain([](Draft& d, const std::string&) { d.Fetch().wrong_size = true; })},
      {"not-image", Plain([](Draft& d, const std::string&) { d.Fetch().not_image = true; })},
      {"redirect", Plain([](Draft& d, const std::string& v) { d.Fetch().redirect = v; })},
      {"fail", SetFail},
      {"filter", [](Draft& d, const std::string& v) { return ReadNumber(v, d.Accept().outcome.filter); }},
      {"no-image", Plain([](Draft& d, const std::string&) { d.Accept().outcome.no_image = true; })},
      {"signed", Plain([](Draft& d, const std::string&) { d.Accept().outcome.signed_url = true; })},
      {"operation", SetOperation},
      {"model", Plain([](Draft& d, const std::string& v) { d.model = v; })},
      {"times", SetTimes},
  };
  return *words;
}

std::string Canonical(const std::string& word) {
  std::string name = absl::AsciiStrToLower(word);
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return name;
}

absl::Status Apply(Draft& draft, const std::string& word, const std::string& value) {
  const auto& known = KnownWords();
  const auto found = known.find(Canonical(word));
  if (found == known.end()) {
    const auto name = [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); };
    return absl::InvalidArgumentError(absl::StrCat("the sandbox does not know the word \"", word, "\"; it knows ",
                                                   absl::StrJoin(known, ", ", name)));
  }
  const absl::Status status = found->second(draft, value);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("the sandbox's word \"", found->first, "\" ", std::string(status.message())));
}

std::string Join(const FaultWords& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first, entry.second.empty() ? "" : "=", entry.second);
  });
}

std::vector<Fault> Split(Draft draft, const FaultWords& words) {
  // A level beside code=1301 belongs to that error.
  if (draft.answer.code == 1301 && draft.accept.outcome.filter) {
    draft.answer.filter = std::exchange(draft.accept.outcome.filter, std::nullopt);
    const Outcome& rest = draft.accept.outcome;
    draft.has_accept = rest.fail || rest.no_image || rest.signed_url;
  }
  std::vector<Fault> faults;
  const auto keep = [&](bool has, Fault fault, Fault::At at, int times) {
    if (!has) return;
    fault.at = at;
    fault.times = times;
    fault.model = draft.model;
    fault.words = Join(words);
    faults.push_back(std::move(fault));
  };
  Fault missing;
  missing.not_found = true;
  keep(draft.has_answer, draft.answer, draft.operation.value_or(Fault::At::kSubmit), draft.times);
  keep(draft.has_accept, draft.accept, Fault::At::kAccept, draft.times);
  keep(draft.not_found_times > 0, missing, Fault::At::kFetch, draft.not_found_times);
  keep(draft.has_fetch, draft.fetch, Fault::At::kFetch, draft.times);
  return faults;
}

}  // namespace

absl::StatusOr<std::vector<Fault>> ParseFault(const FaultWords& words, int default_times) {
  Draft draft;
  draft.times = default_times;
  for (const bool places : {true, false}) {  // where it strikes decides what the other words mean
    for (const auto& [word, value] : words) {
      if ((Canonical(word) == "operation") != places) continue;
      if (absl::Status status = Apply(draft, word, value); !status.ok()) return status;
    }
  }
  return Split(std::move(draft), words);
}

}  // namespace easel::sandbox
