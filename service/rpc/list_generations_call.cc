#include "rpc/list_generations_call.h"

#include "absl/strings/str_cat.h"
#include "generation/generations.h"
#include "rpc/page_token.h"
#include "rpc/request_check.h"

namespace easel::rpc {
namespace {

constexpr int kDefaultPage = 50;
constexpr int kLargestPage = 1000;

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void CheckStates(const v1::ListGenerationsRequest& request, RequestCheck& check) {
  for (int i = 0; i < request.states_size(); ++i) {
    if (request.states(i) != v1::GENERATION_STATE_UNSPECIFIED && v1::GenerationState_IsValid(request.states(i))) continue;
    check.Add({absl::StrCat("states[", i, "]"), absl::StrCat("is ", static_cast<int>(request.states(i)),
                                                            "; use a GenerationState such as GENERATION_STATE_SUCCEEDED")});
  }
}

void Check(const v1::ListGenerationsRequest& request, RequestCheck& check) {
  check.NotNegative("page_size", request.page_size());
  check.Time("create_time_from", request.create_time_from());
  check.Time("create_time_to", request.create_time_to());
  CheckStates(request, check);
  if (!request.page_token().empty() && !ReadPageToken(request)) {
    check.Add({"page_token", "does not belong to a listing with these filters; send next_page_token of the page before "
                             "and leave the filters as they were"});
  }
}

generation::ListQuery QueryOf(const v1::ListGenerationsRequest& request, const std::string& caller, int page_size) {
  generation::ListQuery query;
  query.caller = caller;
  for (const int state : request.states()) query.states.push_back(static_cast<v1::GenerationState>(state));
  query.model = request.model();
  if (request.has_create_time_from()) query.create_time_from = ToTime(request.create_time_from());
  if (request.has_create_time_to()) query.create_time_to = ToTime(request.create_time_to());
  query.request_id = request.request_id();
  if (!request.page_token().empty()) query.after_name = ReadPageToken(request).value_or("");
  query.limit = page_size + 1;  // one more tells whether there is a further page
  return query;
}

}  // namespace

boost::asio::awaitable<absl::StatusOr<v1::ListGenerationsResponse>> ListGenerations(
    Call& call, Received<v1::ListGenerationsRequest> received) {
  const v1::ListGenerationsRequest& request = received.message;
  RequestCheck check(call, std::move(received.violations));
  Check(request, check);
  if (!check.ok()) co_return check.status();

  const int page_size = request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kLargestPage);
  const auto found = co_await call.generations().List(QueryOf(request, check.caller().name, page_size));
  if (!found.ok()) co_return found.status();
  v1::ListGenerationsResponse response;
  for (const generation::Snapshot& snapshot : *found) {
    if (response.generations_size() == page_size) {
      response.set_next_page_token(MakePageToken(request, response.generations(page_size - 1).name()));
      break;
    }
    *response.add_generations() = call.generations().Show(*snapshot);
  }
  co_return response;
}

}  // namespace easel::rpc
