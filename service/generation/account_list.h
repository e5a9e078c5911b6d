#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "generation/ports/image_model.h"

namespace easel::generation {

// The accounts that work may go to, by preference, those of an upstream together. They change while the service runs:
// accounts come, and others are not used any more but for what they have at work. Thread-safe; copies share.
class AccountList {
 public:
  using Models = std::vector<ImageModel*>;

  // The accounts outlive this, those that are replaced too.
  AccountList(Models models = {});
  AccountList(std::initializer_list<ImageModel*> models) : AccountList(Models(models)) {}

  // For new work. Stays as it is, and there, for as long as the list.
  const Models& InUse() const;

  // One that is in use, or was; nullptr if there never was such a one.
  ImageModel* Find(std::string_view upstream, std::string_view key_fingerprint) const;

  void Replace(Models models);

 private:
  struct Versions;
  std::shared_ptr<Versions> versions_;
};

}  // namespace easel::generation
