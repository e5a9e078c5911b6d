#include "tests/bench/load_flags.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tests/bench/flags.h"
#include "tests/bench/process.h"
#include "tests/bench/report.h"

namespace easel::bench {
namespace {

namespace po = boost::program_options;

constexpr char kAbout[] = R"(bench_load CASE --target HOST:PORT: keeps a service busy, and prints one JSON object
  generate   GenerateImage, URL delivery
  inline     GenerateImage, the image in the answer
  stream     StreamGenerateImage with the image
  start      StartGeneration
  same       GenerateImage with one request_id, made first and repeated; inline and stream do so with --repeat
  get, read, watch  GetGeneration, ReadImage and WatchGeneration of --names, or of what is made first
  list       ListGenerations
  watchers   WatchGeneration: --watchers streams over --generations started ones, --rate of them a second, until all end
  http       POST --body to --url, GET the image that the reply names
  http-get   GET --url
Flags)";

std::string BodyOf(const OrderOptions& order) {
  return absl::StrCat(R"({"model": )", JsonText(order.model), R"(, "prompt": )", JsonText(order.prompt), R"(, "size": ")",
                      order.width, "x", order.height, "\"}");
}

}  // namespace

LoadFlags ReadLoadFlags(int argc, char** argv) {
  LoadFlags load;
  std::string size = "1024x1024";
  std::string caller;
  std::int64_t most_bytes = 0;
  po::options_description flags(kAbout);
  flags.add_options()("case", po::value(&load.case_name)->required(), "what to do")(
      "target", po::value(&load.client.target), "the service, HOST:PORT")(
      "in-flight", po::value(&load.plan.in_flight), "calls at a time; with --rate, the most")(
      "seconds", po::value(&load.plan.seconds), "how long to measure")(
      "calls", po::value(&load.plan.calls), "how many calls to measure, in place of --seconds")(
      "warm-up", po::value(&load.plan.warm_up), "seconds before the measured ones")(
      "rate", po::value(&load.plan.rate), "calls a second, whatever becomes of them; latency counts from when each was due")(
      "drain", po::value(&load.plan.drain), "seconds that calls may take when no new ones start")(
      "channels", po::value(&load.client.channels), "connections")(
      "model", po::value(&load.order.model), "model of the orders")(
      "quality", po::value(&load.order.quality), "hd or standard")("size", po::value(&size), "WIDTHxHEIGHT")(
      "prompt", po::value(&load.order.prompt), "prompt of the orders")("caller", po::value(&caller), "easel-caller")(
      "max-receive-bytes", po::value(&most_bytes), "easel-max-receive-bytes; inline takes any size by itself")(
      "names", po::value(&load.names_file), "file of generations' names")(
      "make", po::value(&load.make), "images to make first where there are no --names")(
      "names-out", po::value(&load.names_out), "gets the names that generate and start made")(
      "page-size", po::value(&load.page_size), "of list")(
      "repeat", po::bool_switch(&load.repeat), "one request_id, made first, for all calls")(
      "cancel-share", po::value(&load.cancel_share), "part of the calls that are cancelled once they are accepted")(
      "generations", po::value(&load.generations), "of watchers: generations to start")(
      "watchers", po::value(&load.watchers), "of watchers: streams")(
      "url", po::value(&load.http.url), "of http and http-get")(
      "header", po::value(&load.http.headers), "of http: a line of its own, any number of times")(
      "body", po::value(&load.http.body), "of http: the JSON to post; by default model, prompt and size");
  ReadFlags(argc, argv, flags, "case");
  if (std::sscanf(size.c_str(), "%dx%d", &load.order.width, &load.order.height) != 2) {
    Refuse("--size is written as 1024x1024, not \"" + size + "\"");
  }
  load.order.abort = load.cancel_share > 0;
  if (load.http.body.empty() && load.case_name == "http") load.http.body = BodyOf(load.order);
  if (load.plan.in_flight < 1 || load.client.channels < 1) Refuse("--in-flight and --channels take 1 or more");
  if (!caller.empty()) load.client.metadata.emplace_back("easel-caller", caller);
  if (most_bytes == 0 && load.case_name == "inline") most_bytes = 1 << 30;
  if (most_bytes > 0) load.client.metadata.emplace_back("easel-max-receive-bytes", std::to_string(most_bytes));
  return load;
}

}  // namespace easel::bench
