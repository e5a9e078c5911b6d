// The load generator: bench_load --help.
#include <cstdio>
#include <fstream>

#include "tests/bench/grpc_caller.h"
#include "tests/bench/load_flags.h"
#include "tests/bench/process.h"
#include "tests/bench/report.h"
#include "tests/bench/watchers.h"

namespace {

using namespace easel::bench;

Tally RunLoad(const Plan& plan, GrpcClient& client, Requests& requests) {
  GrpcCaller caller(client, requests, static_cast<std::size_t>(plan.in_flight));
  return Load(plan, caller).Run();
}

Tally RunLoad(const LoadFlags& flags, GrpcClient& client, Requests& requests) {
  GrpcCaller caller(client, requests, static_cast<std::size_t>(flags.plan.in_flight), flags.cancel_share);
  return Load(flags.plan, caller).Run();
}

void MakeFirst(const LoadFlags& flags, GrpcClient& client, Requests& requests, std::uint64_t count) {
  const Plan plan{.in_flight = static_cast<int>(std::min<std::uint64_t>(count, 32)), .seconds = 0, .calls = count};
  const Tally tally = RunLoad(plan, client, requests);
  if (!tally.errors.empty()) Refuse("could not make what " + flags.case_name + " needs: " + tally.first_error);
}

Names NamesFor(const LoadFlags& flags, GrpcClient& client) {
  Names names;
  if (flags.names_file.empty()) {
    MakeFirst(flags, client, *GenerateRequests(flags.order, false, &names), static_cast<std::uint64_t>(flags.make));
    return names;
  }
  std::ifstream file(flags.names_file);
  for (std::string line; std::getline(file, line);) names.push_back(line);
  if (names.empty()) Refuse("there are no names in " + flags.names_file);
  return names;
}

std::unique_ptr<Requests> RequestsOf(const LoadFlags& flags, GrpcClient& client, Names* made) {
  const std::string& name = flags.case_name;
  if (name == "generate" || name == "same") return GenerateRequests(flags.order, false, made);
  if (name == "inline") return GenerateRequests(flags.order, true, nullptr);
  if (name == "stream") return StreamRequests(flags.order);
  if (name == "start") return StartRequests(flags.order, made);
  if (name == "get") return GetRequests(NamesFor(flags, client));
  if (name == "read") return ReadRequests(NamesFor(flags, client));
  if (name == "watch") return WatchRequests(NamesFor(flags, client));
  if (name == "list") return ListRequests(flags.page_size);
  Refuse("there is no case \"" + name + "\"; --help names them");
}

std::unique_ptr<Requests> MadeFirst(const LoadFlags& flags, GrpcClient& client, std::unique_ptr<Requests> requests) {
  auto repeated = Repeated(std::move(requests));
  MakeFirst(flags, client, *repeated, 1);
  return repeated;
}

int LoadByHttp(const LoadFlags& flags) {
  if (flags.http.url.empty()) Refuse("--url says where to send it");
  HttpCaller caller(flags.http, static_cast<std::size_t>(flags.plan.in_flight));
  std::puts(ReportOf(flags.case_name, Load(flags.plan, caller).Run()).c_str());
  return 0;
}

int Watch(const LoadFlags& flags, GrpcClient& client) {
  Names names;
  const auto generations = static_cast<std::uint64_t>(flags.generations);
  const Plan start{.in_flight = 256, .seconds = 0, .calls = generations, .rate = flags.plan.rate};
  const Tally started = RunLoad(start, client, *StartRequests(flags.order, &names));
  if (!started.errors.empty()) Refuse("could not start the generations to watch: " + started.first_error);
  Watchers watchers(names, static_cast<std::size_t>(flags.watchers));
  const Plan watch{.in_flight = flags.watchers, .seconds = 0, .calls = static_cast<std::uint64_t>(flags.watchers),
                   .drain = flags.plan.drain};
  const Tally tally = RunLoad(watch, client, watchers);
  std::puts(watchers.Report(tally).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  PrepareProcess();
  const LoadFlags flags = ReadLoadFlags(argc, argv);
  if (flags.case_name.starts_with("http")) return LoadByHttp(flags);
  if (flags.client.target.empty()) Refuse("--target says where the service is, as HOST:PORT");
  GrpcClient client(flags.client);
  client.Connect();
  if (flags.case_name == "watchers") return Watch(flags, client);
  Names made;
  auto requests = RequestsOf(flags, client, flags.names_out.empty() ? nullptr : &made);
  if (flags.repeat || flags.case_name == "same") requests = MadeFirst(flags, client, std::move(requests));
  const Tally tally = RunLoad(flags, client, *requests);
  std::puts(ReportOf(flags.case_name, tally).c_str());
  if (flags.names_out.empty()) return 0;
  std::ofstream out(flags.names_out);
  for (const std::string& name : made) out << name << "\n";
}
