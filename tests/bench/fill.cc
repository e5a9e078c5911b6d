// Fills a data directory with generations that have ended, as if a service had worked for days: for measuring how what a
// service does depends on how much it has done. No image files: a record says only how large its image was.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "generation/ids.h"
#include "generation/time.h"
#include "storage/data_directory.h"
#include "storage/generation_row.h"
#include "storage/generation_table.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_schema.h"

namespace easel::bench {
namespace {

constexpr char kUsage[] = "bench_fill --data-dir DIR --generations N [--callers 50]\n";
constexpr int kBatch = 10'000;
constexpr absl::Duration kSpan = absl::Hours(24 * 5);
constexpr absl::Duration kKept = absl::Hours(24 * 30);  // no sweep of a measured service finds anything to do

struct Options {
  std::string data_dir;
  std::int64_t generations = 0;
  std::int64_t callers = 50;
};

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    bool good = true;
    if (name == "--data-dir") options.data_dir = value;
    else if (name == "--generations") good = absl::SimpleAtoi(value, &options.generations) && options.generations > 0;
    else if (name == "--callers") good = absl::SimpleAtoi(value, &options.callers) && options.callers > 0;
    else good = false;
    if (!good) return false;
  }
  return argc % 2 == 1 && !options.data_dir.empty() && options.generations > 0;
}

// The n-th of N generations. What it says can be told from n and N alone: caller-{n mod callers}, request-{n}.
class Generator {
 public:
  explicit Generator(const Options& options) : options_(options), now_(absl::Now()), random_(20) {}

  generation::Record Make(std::int64_t n) {
    const absl::Time created = now_ - kSpan + kSpan * n / options_.generations;
    const absl::Time ended = created + absl::Milliseconds(5'000 + random_() % 25'000);
    generation::Record record;
    record.set_caller(absl::StrCat("caller-", n % options_.callers));
    *record.mutable_requested_spec() = Spec(n);
    *record.mutable_remove_time() = generation::ToProto(now_ + kKept + (ended - now_));
    v1::Generation& generation = *record.mutable_generation();
    generation.set_name(generation::NewName(created, [this] { return random_(); }));
    generation.set_request_id(absl::StrCat("request-", n));
    *generation.mutable_spec() = Spec(n);
    *generation.mutable_create_time() = generation::ToProto(created);
    *generation.mutable_update_time() = generation::ToProto(ended);
    *generation.mutable_end_time() = generation.update_time();
    *generation.mutable_expire_time() = record.remove_time();
    generation.set_revision(5);
    AddEnd(n, generation);
    return record;
  }

 private:
  static v1::ImageSpec Spec(std::int64_t n) {
    v1::ImageSpec spec;
    spec.set_model(n % 3 == 0 ? "cogview-4-250304" : "glm-image");
    spec.set_prompt(absl::StrCat("a kitten on a windowsill, looking out into the rain, picture ", n));
    spec.set_quality(n % 2 == 0 ? v1::QUALITY_HD : v1::QUALITY_STANDARD);
    spec.mutable_size()->set_width(1280);
    spec.mutable_size()->set_height(1280);
    spec.set_user_id(absl::StrCat("user-", n % 1000));
    return spec;
  }

  void AddEnd(std::int64_t n, v1::Generation& generation) {
    v1::Attempt& attempt = *generation.add_attempts();
    attempt.set_upstream("https://api.z.ai/api/paas/v4");
    attempt.set_key_fingerprint("0123abcd");
    attempt.set_model(generation.spec().model());
    *attempt.mutable_start_time() = generation.create_time();
    *attempt.mutable_end_time() = generation.end_time();
    v1::Charge& charge = *generation.mutable_charge();
    charge.set_currency("USD");
    const std::int64_t kind = n % 20;
    generation.set_state(kind == 7    ? v1::GENERATION_STATE_FAILED
                         : kind == 13 ? v1::GENERATION_STATE_CANCELLED
                                      : v1::GENERATION_STATE_SUCCEEDED);
    charge.set_state(kind == 7 || kind == 13 ? v1::CHARGE_STATE_NONE : v1::CHARGE_STATE_MADE);
    if (kind == 7) {
      generation.mutable_error()->set_code(3);
      generation.mutable_error()->set_message("The upstream refused the prompt.");
      attempt.set_code("1301");
    }
    if (generation.state() == v1::GENERATION_STATE_SUCCEEDED) {
      charge.set_cost_micros(15'000);
      AddImage(n, *generation.mutable_image());
    }
    *attempt.mutable_charge() = charge;
  }

  void AddImage(std::int64_t n, v1::Image& image) {
    image.set_upstream_url(absl::StrCat("https://images.example.com/2026/11/", n, ".png"));
    image.set_content_type("image/png");
    image.set_width(1280);
    image.set_height(1280);
    image.set_size_bytes(static_cast<std::int64_t>(1'000'000 + random_() % 1'000'000));
    image.set_sha256(absl::StrFormat("%016x%016x%016x%016x", random_(), random_(), random_(), random_()));
  }

  const Options& options_;
  const absl::Time now_;
  std::mt19937_64 random_;
};

absl::Status FillBatch(storage::SqliteConnection& connection, Generator& generator, std::int64_t from, std::int64_t to) {
  if (absl::Status begun = connection.Execute("BEGIN IMMEDIATE"); !begun.ok()) return begun;
  for (std::int64_t n = from; n < to; ++n) {
    const generation::Record record = generator.Make(n);
    const auto reserved = storage::ReserveRow(connection, storage::ToRow(record));
    if (!reserved.ok()) return reserved.status();
    if (!reserved->inserted) return absl::AlreadyExistsError("the directory holds such generations already");
  }
  return connection.Execute("COMMIT");
}

absl::Status Fill(const Options& options) {
  const auto directory = storage::DataDirectory::Open(options.data_dir);
  if (!directory.ok()) return directory.status();
  const std::string path = options.data_dir + "/generations.db";
  auto connection = storage::SqliteConnection::Open(path, storage::SqliteConnection::Use::kCreate);
  if (!connection.ok()) return connection.status();
  absl::Status status = storage::MigrateSchema(**connection, path);
  // One sync at the end is enough for what can be made again.
  status.Update((*connection)->Execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-262144"));
  Generator generator(options);
  for (std::int64_t n = 0; status.ok() && n < options.generations; n += kBatch) {
    status = FillBatch(**connection, generator, n, std::min(n + kBatch, options.generations));
  }
  status.Update((*connection)->Execute("PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE)"));
  return status;
}

}  // namespace
}  // namespace easel::bench

int main(int argc, char** argv) {
  easel::bench::Options options;
  if (!easel::bench::Parse(argc, argv, options)) {
    std::fputs(easel::bench::kUsage, stderr);
    return 2;
  }
  if (const absl::Status filled = easel::bench::Fill(options); !filled.ok()) {
    std::fprintf(stderr, "bench_fill: %s\n", std::string(filled.message()).c_str());
    return 1;
  }
  return 0;
}
