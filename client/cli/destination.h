#pragma once

#include <boost/program_options/options_description.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "easel/client.h"

namespace easel::cli {

void AddOutputOption(boost::program_options::options_description& options);

// Where an image goes: what -o says.
class Destination {
 public:
  // Checks it before anything is spent: that the directory is there and can be written, and that bytes neither go to a
  // person's terminal nor between lines of JSON.
  static absl::StatusOr<Destination> From(const Arguments& arguments, bool json);

  // Fetches the image of a generation that SUCCEEDED, verified. Returns the file's path; empty: it went to a stream.
  //
  // Without -o, or with a directory, the file is easel-ID.png (or .jpg, .webp). An existing file is then left alone: if
  // it is the same image it is the result, else the name gets a number. A file that -o names is replaced.
  absl::StatusOr<std::string> Save(client::Client& client, const v1::Generation& generation,
                                   const client::CallOptions& call) const;

 private:
  enum class Kind { kStandardOutput, kStream, kFile, kDirectory };

  Destination(Kind kind, std::string path) : kind_(kind), path_(std::move(path)) {}
  absl::StatusOr<std::string> SaveInDirectory(client::Client& client, const v1::Generation& generation,
                                              const client::CallOptions& call) const;

  Kind kind_;
  std::string path_;
};

// "easel-ID.png"; from the second on "easel-ID-2.png".
std::string FileNameOf(const v1::Generation& generation, int number);

}  // namespace easel::cli
