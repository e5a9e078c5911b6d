#include "generation/account_list.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

namespace easel::generation {

struct AccountList::Versions {
  mutable std::mutex mutex;
  std::deque<Models> all;  // the newest last; none ever goes
  std::atomic<const Models*> newest;
};

AccountList::AccountList(Models models) : versions_(std::make_shared<Versions>()) { Replace(std::move(models)); }

const AccountList::Models& AccountList::InUse() const { return *versions_->newest; }

ImageModel* AccountList::Find(std::string_view upstream, std::string_view key_fingerprint) const {
  const std::lock_guard lock(versions_->mutex);
  for (auto models = versions_->all.rbegin(); models != versions_->all.rend(); ++models) {
    for (ImageModel* model : *models) {
      if (model->upstream() == upstream && model->key_fingerprint() == key_fingerprint) return model;
    }
  }
  return nullptr;
}

void AccountList::Replace(Models models) {
  const std::lock_guard lock(versions_->mutex);
  versions_->newest = &versions_->all.emplace_back(std::move(models));
}

}  // namespace easel::generation
