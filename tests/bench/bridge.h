#pragma once

#include <string>
#include <vector>

#include "tests/bench/curl_loop.h"
#include "tests/bench/grpc_service.h"
#include "tests/bench/inbox.h"
#include "tests/bench/transfers.h"

namespace easel::bench {

class Errand;

// gRPC's threads put errands into the inbox; one thread, in Run, does the upstream's part of all of them and answers.
class Bridge final : public RawImageService {
 public:
  explicit Bridge(const std::string& post_url);

  [[noreturn]] void Run();

  grpc::ServerUnaryReactor* GenerateImage(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;

 private:
  CurlLoop loop_;
  Transfers transfers_;
  Inbox<Errand*> inbox_;
};

}  // namespace easel::bench
