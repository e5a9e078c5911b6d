// The limit: gRPC in, JSON POST and image GET by curl, gRPC out. Nothing checked, nothing kept.
#include <string>

#include "tests/bench/bridge.h"
#include "tests/bench/flags.h"
#include "tests/bench/grpc_service.h"
#include "tests/bench/process.h"

namespace {

namespace po = boost::program_options;
using namespace easel::bench;

}  // namespace

int main(int argc, char** argv) {
  PrepareProcess();
  ListenFlags listen;
  std::string upstream;
  po::options_description flags("bench_bridge: GenerateImage as a bare bridge");
  flags.add_options()("listen", po::value(&listen.listen), "127.0.0.1:PORT; 0 takes a free one")(
      "ready-file", po::value(&listen.ready_file), "gets {\"grpc\": \"host:port\"}")(
      "upstream", po::value(&upstream)->required(), "as http://127.0.0.1:8081/api/paas/v4");
  ReadFlags(argc, argv, flags);

  Bridge bridge(upstream + "/images/generations");
  const auto server = Serve(listen, bridge);
  bridge.Run();
}
