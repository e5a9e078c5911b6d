#pragma once

#include "generation/ports/clock.h"
#include "generation/ports/image_links.h"
#include "storage/s3/s3_bucket.h"

namespace easel::storage {

// Presigned URLs: readers fetch from the object storage itself. They end with the credentials that signed them, if those are
// temporary. Thread-safe.
class S3ImageLinks : public generation::ImageLinks {
 public:
  // `ttl`: how long a link works, at most 7 days; never longer than the image is kept.
  S3ImageLinks(const S3Bucket& bucket, absl::Duration ttl, const generation::Clock& clock);

  // Links made within a minute are the same, so that caches have a use for them.
  Link LinkTo(const record::v1::Record& record) const override;

 private:
  const S3Bucket& bucket_;
  const absl::Duration ttl_;
  const generation::Clock& clock_;
};

}  // namespace easel::storage
