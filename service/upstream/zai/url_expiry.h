#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace easel::upstream {

// When a signed URL stops answering, as its query says: Expires=SECONDS since 1970, as the mainland host signs, or
// X-Amz-Date and X-Amz-Expires. Nothing where it does not say so, or says nonsense.
std::optional<absl::Time> ExpiryOf(std::string_view url);

}  // namespace easel::upstream
