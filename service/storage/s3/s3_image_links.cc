#include "storage/s3/s3_image_links.h"

#include <algorithm>

#include "storage/s3/s3_image_store.h"

namespace easel::storage {
namespace {

// S3's own limit.
constexpr absl::Duration kLongest = absl::Hours(24 * 7);

absl::Time Minute(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 60 * 60); }

}  // namespace

S3ImageLinks::S3ImageLinks(const S3Bucket& bucket, absl::Duration ttl, const generation::Clock& clock)
    : bucket_(bucket), ttl_(std::min(ttl, kLongest)), clock_(clock) {}

generation::ImageLinks::Link S3ImageLinks::LinkTo(const record::v1::Record& record) const {
  const v1::Generation& generation = record.generation();
  const absl::Time now = Minute(clock_.Now());
  absl::Time end = now + ttl_;
  if (generation.has_expire_time()) {
    end = std::min(end, absl::FromUnixSeconds(generation.expire_time().seconds()));
  }
  const absl::Duration lifetime = std::max(end - now, absl::Seconds(1));
  return {bucket_.Presign(S3ImageStore::KeyOf(generation.image().sha256()), generation.image().content_type(), lifetime, now),
          now + lifetime};
}

}  // namespace easel::storage
