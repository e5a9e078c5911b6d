// Feeds kept inputs to a fuzzer's function without libFuzzer: what was once found stays found with any compiler.
// Arguments are files and folders of files.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace {

namespace fs = std::filesystem;

void Feed(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::fprintf(stderr, "%s: %zu bytes\n", path.c_str(), bytes.size());
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

int FeedAll(const fs::path& path) {
  if (!fs::is_directory(path)) return Feed(path), 1;
  int fed = 0;
  for (const auto& entry : fs::directory_iterator(path)) fed += FeedAll(entry.path());
  return fed;
}

}  // namespace

int main(int argc, char** argv) {
  int fed = 0;
  for (int i = 1; i < argc; ++i) fed += FeedAll(argv[i]);
  std::fprintf(stderr, "%d inputs\n", fed);
  return fed > 0 ? 0 : 1;
}
