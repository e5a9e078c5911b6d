// gRPC with nothing behind it, for what raw_service.h answers.
#include "tests/bench/flags.h"
#include "tests/bench/process.h"
#include "tests/bench/raw_service.h"

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  using namespace easel::bench;
  PrepareProcess();
  ListenFlags listen;
  std::size_t bytes = 4096;
  po::options_description flags("bench_raw: gRPC that answers at once");
  flags.add_options()("listen", po::value(&listen.listen), "127.0.0.1:PORT; 0 takes a free one")(
      "ready-file", po::value(&listen.ready_file), "gets {\"grpc\": \"host:port\"}")(
      "bytes", po::value(&bytes), "size of an image");
  ReadFlags(argc, argv, flags);

  RawService service(bytes);
  Serve(listen, service)->Wait();
}
