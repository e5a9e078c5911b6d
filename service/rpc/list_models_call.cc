#include "rpc/list_models_call.h"

#include "generation/generations.h"
#include "rpc/request_check.h"

namespace easel::rpc {

boost::asio::awaitable<absl::StatusOr<v1::ListModelsResponse>> ListModels(
    Call& call, Received<v1::ListModelsRequest> received) {
  RequestCheck check(call, std::move(received.violations));
  if (!check.ok()) co_return check.status();
  co_return call.generations().ListModels();
}

}  // namespace easel::rpc
