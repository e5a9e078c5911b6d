// A Z.AI that answers as fast as it can: zai_answers.h says what.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/flags.h"
#include "tests/bench/http_loop.h"
#include "tests/bench/process.h"
#include "tests/bench/zai_answers.h"

namespace {

namespace po = boost::program_options;
using namespace easel::bench;

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string ready_file;
  absl::Duration delay;
  absl::Duration poll_delay;
  std::int64_t image_bytes = 4096;
  double fault_share = 0;
  int threads = 1;
};

Options Read(int argc, char** argv) {
  Options options;
  po::options_description flags("bench_upstream: a fake Z.AI");
  flags.add_options()("listen", po::value(&options.listen), "127.0.0.1:PORT; 0 takes a free one")(
      "ready-file", po::value(&options.ready_file), "gets {\"http\": \"host:port\"}")(
      "delay", DurationFlag(options.delay), "from a POST to its image")(
      "poll-delay", DurationFlag(options.poll_delay), "from a poll to its answer")(
      "image-bytes", po::value(&options.image_bytes), "size of an image file")(
      "fault-share", po::value(&options.fault_share), "part of the POSTs that are answered with a fault")(
      "threads", po::value(&options.threads), "loops that share the port");
  ReadFlags(argc, argv, flags);
  if (options.image_bytes < 1024) Refuse("--image-bytes takes 1024 at least, as no PNG of a usual size is smaller");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  PrepareProcess();
  const Options options = Read(argc, argv);
  const bool shared = options.threads > 1;
  const int listener = ListenOn(options.listen, shared);
  const std::string address = AddressOf(listener);

  const ZaiOptions zai{.delay = absl::ToChronoMicroseconds(options.delay),
                       .poll_delay = absl::ToChronoMicroseconds(options.poll_delay),
                       .image_bytes = options.image_bytes,
                       .fault_share = options.fault_share};
  ZaiCounts counts;
  counts.next_number = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const auto serve = [&](int socket) {
    ZaiAnswers answers(zai, address, counts);
    HttpLoop(socket, answers).Run();
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < options.threads; ++i) others.emplace_back(serve, ListenOn(address, shared));
  WriteReadyFile(options.ready_file, "http", address);
  serve(listener);
}
