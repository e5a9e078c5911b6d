#include "cli/destination.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/terminal.h"
#include "cli/usage.h"
#include "easel/sha256.h"

namespace easel::cli {
namespace {

namespace po = boost::program_options;

constexpr int kMostNumbers = 100;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string Extension(const std::string& content_type) {
  if (content_type == "image/png") return ".png";
  if (content_type == "image/jpeg") return ".jpg";
  if (content_type == "image/webp") return ".webp";
  return ".bin";
}

bool IsTheImage(const std::string& path, const v1::Image& image) {
  std::ifstream file(path, std::ios::binary);
  client::Sha256 sha256;
  std::array<char, 65536> buffer;
  while (file) {
    file.read(buffer.data(), buffer.size());
    sha256.Add({buffer.data(), static_cast<size_t>(file.gcount())});
  }
  return file.eof() && sha256.Hex() == image.sha256();
}

absl::Status SaveToStream(client::Client& client, const std::string& name, std::ostream& stream,
                          const client::CallOptions& call) {
  client::Sha256 sha256;
  const auto sink = [&](const v1::ImageChunk& chunk) {
    sha256.Add(chunk.data());
    stream.write(chunk.data().data(), static_cast<std::streamsize>(chunk.data().size()));
    if (stream) return absl::OkStatus();
    return client::ClientError(absl::StatusCode::kAborted, client::kFile, "cannot write the image");
  };
  const auto digest = client.ReadImage(name, 0, sink, call);
  if (!digest.ok()) return digest.status();
  if (!stream.flush()) return client::ClientError(absl::StatusCode::kAborted, client::kFile, "cannot write the image");
  if (sha256.Hex() == digest->sha256) return absl::OkStatus();
  return client::ClientError(absl::StatusCode::kDataLoss, client::kImageCorrupt,
                             "what was written is not the image whose digest the service told");
}

}  // namespace

void AddOutputOption(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                        "where the image goes, replacing what is there; - is standard output. Else easel-ID.png in this "
                        "directory, replacing nothing");
}

absl::StatusOr<Destination> Destination::From(const Arguments& arguments, bool json) {
  const std::string path = arguments.Has("output") ? arguments.Text("output") : ".";
  if (path.empty()) return UsageError("--output", "the file's name is empty");
  if (path == "-" && json) return UsageError("--output", "standard output cannot take both the image and --json");
  if (path == "-" && IsTerminal(1)) {
    return UsageError("--output", "standard output is a terminal; name a file, or send it on with a pipe");
  }
  if (path == "-") return Destination(Kind::kStandardOutput, path);
  struct stat info = {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  const bool directory = exists && S_ISDIR(info.st_mode);
  if (exists && !directory && !S_ISREG(info.st_mode)) return Destination(Kind::kStream, path);
  const std::string parent = directory ? path : ParentOf(path);
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    return UsageError("--output", absl::StrCat("cannot write into the directory ", parent));
  }
  return Destination(directory ? Kind::kDirectory : Kind::kFile, path);
}

absl::StatusOr<std::string> Destination::Save(client::Client& client, const v1::Generation& generation,
                                              const client::CallOptions& call) const {
  if (kind_ == Kind::kDirectory) return SaveInDirectory(client, generation, call);
  if (kind_ == Kind::kFile) {
    const auto saved = client.ReadImageToFile(generation.name(), path_, call);
    if (!saved.ok()) return saved.status();
    return path_;
  }
  std::ofstream file;
  if (kind_ == Kind::kStream) file.open(path_, std::ios::binary);
  std::ostream& stream = kind_ == Kind::kStream ? static_cast<std::ostream&>(file) : std::cout;
  const absl::Status status = SaveToStream(client, generation.name(), stream, call);
  if (!status.ok()) return status;
  return std::string();
}

absl::StatusOr<std::string> Destination::SaveInDirectory(client::Client& client, const v1::Generation& generation,
                                                         const client::CallOptions& call) const {
  const std::string prefix = path_ == "." ? "" : path_ + (path_.back() == '/' ? "" : "/");
  absl::Status status;
  for (int number = 1; number <= kMostNumbers; ++number) {
    const std::string path = prefix + FileNameOf(generation, number);
    if (IsTheImage(path, generation.image())) return path;
    if (::access(path.c_str(), F_OK) == 0) continue;
    status = client.ReadImageToFile(generation.name(), path, call, client::Overwrite::kRefuse).status();
    if (status.ok()) return path;
    if (!absl::IsAlreadyExists(status)) return status;
  }
  const std::string like = prefix + FileNameOf(generation, 1);
  return client::ClientError(absl::StatusCode::kAlreadyExists, client::kFile,
                             absl::StrCat("there are already ", kMostNumbers, " files like ", like));
}

std::string FileNameOf(const v1::Generation& generation, int number) {
  std::string id = generation.name().substr(generation.name().rfind('/') + 1);
  for (char& c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') c = '_';
  }
  const std::string suffix = number > 1 ? absl::StrCat("-", number) : "";
  return "easel-" + id + suffix + Extension(generation.image().content_type());
}

}  // namespace easel::cli
