#include "sandbox/fault_book.h"

#include "absl/strings/str_cat.h"

namespace easel::sandbox {
namespace {

bool Matches(const Fault& fault, Fault::At at, const std::string& model) {
  return fault.at == at && (fault.model.empty() || fault.model == model);
}

}  // namespace

void FaultBook::Add(const std::vector<Fault>& faults) { called_.insert(called_.end(), faults.begin(), faults.end()); }

void FaultBook::Clear() {
  called_.clear();
  struck_.clear();
}

std::vector<FaultBook::Waiting> FaultBook::List() const {
  std::vector<Waiting> waiting;
  for (const Fault& fault : called_) waiting.push_back({fault.words, fault.times});
  return waiting;
}

std::optional<Fault> FaultBook::Strike(Fault::At at, const std::string& model, const std::vector<Fault>& own,
                                       const std::string& scope) {
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (!Matches(own[i], at, model)) continue;
    if (own[i].times == 0) return own[i];
    int& struck = struck_[absl::StrCat(scope, "#", i)];
    if (struck++ < own[i].times) return own[i];
  }
  for (auto fault = called_.begin(); fault != called_.end(); ++fault) {
    if (!Matches(*fault, at, model)) continue;
    const Fault striking = *fault;
    if (fault->times > 0 && --fault->times == 0) called_.erase(fault);
    return striking;
  }
  return std::nullopt;
}

}  // namespace easel::sandbox
