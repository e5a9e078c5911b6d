#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/config.h"
#include "generation/caller_limits.h"
#include "generation/governor.h"
#include "generation/lifecycle.h"
#include "generation/ports/generation_store.h"
#include "generation/ports/image_store.h"
#include "generation/ports/replicas.h"
#include "rpc/server.h"
#include "storage/data_directory.h"
#include "storage/s3/s3_bucket.h"
#include "telemetry/log.h"

namespace easel::app {

// What each part of the service is made of, by the configuration; upstreams.h has those that lead to the upstreams. App puts
// them together.

// Whether records are shared with other processes; what is on disk may be, too, then.
bool IsShared(const Config& config);

// Whether anything is kept on disk, and where: DATA_DIR/NAME, or DATA_DIR/sandbox/NAME so that sample pictures never mix
// with real ones.
bool NeedsDirectory(const Config& config);
std::string DataPath(const Config& config, const std::string& name = "");
storage::DataDirectory::Use DirectoryUseOf(const Config& config);

telemetry::LogLevel LogLevelOf(const Config& config);
generation::Pacing PacingOf(const Config& config);
generation::Governor::Limits GovernorLimitsOf(const Config& config);
rpc::TlsFiles TlsFilesOf(const Config& config);
rpc::ServerOptions RpcOptionsOf(const Config& config);
std::vector<rpc::KnownCaller> KnownCallersOf(const Config& config);
generation::CallerLimits::Limits CallerLimitsOf(const Config& config);

// The store, and where it is shared by several processes, this one's part among them. Records may not be written any more
// once the replicas have gone.
struct Records {
  std::unique_ptr<generation::Replicas> replicas;  // nullptr: there is no other process
  std::unique_ptr<generation::GenerationStore> store;
};
absl::StatusOr<Records> OpenRecords(const Config& config);
// Whether images.location is `s3://...`; only then there is a bucket.
bool UsesBucket(const Config& config);
std::unique_ptr<storage::S3Bucket> OpenBucket(const Config& config, upstream::HttpClients& clients, generation::Clock& clock);
absl::StatusOr<std::unique_ptr<generation::ImageStore>> OpenImages(const Config& config, storage::S3Bucket* bucket);

// The key of image links: the same for as long as the data directory lives.
absl::StatusOr<std::string> LinkSecret(const Config& config);

// Thread-safe.
std::uint64_t RandomBits();

// The built-in Z.AI; it serves for as long as `running` lives.
struct LocalUpstream {
  std::shared_ptr<void> running;
  std::string base_url;
};
absl::StatusOr<LocalUpstream> StartLocalUpstream(const Config& config);

}  // namespace easel::app
