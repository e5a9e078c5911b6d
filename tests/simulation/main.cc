#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/simulation.h"

namespace easel::simulation {
namespace {

constexpr char kUsage[] =
    "simulation [--runs N] [--seconds T] [--seed S] [--jobs J]   many runs, from seed S on\n"
    "simulation --replay SEED                                     one run, told line by line\n"
    "simulation --seeds FILE                                      the seeds of a file, one a line, each with its reason\n";

struct Options {
  std::uint64_t runs = 1000;
  double seconds = 1e9;
  std::uint64_t seed = 1;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::optional<std::uint64_t> replay;
  std::string seeds;
};

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    std::uint64_t number = 0;
    bool good = true;
    if (name == "--runs") good = absl::SimpleAtoi(value, &options.runs);
    else if (name == "--seed") good = absl::SimpleAtoi(value, &options.seed);
    else if (name == "--seconds") good = absl::SimpleAtod(value, &options.seconds);
    else if (name == "--jobs") good = absl::SimpleAtoi(value, &options.jobs) && options.jobs > 0;
    else if (name == "--seeds") options.seeds = value;
    else if (name == "--replay" && (good = absl::SimpleAtoi(value, &number))) options.replay = number;
    else return false;
    if (!good) return false;
  }
  return argc % 2 == 1;
}

thread_local std::uint64_t current_seed = 0;

void NameTheSeed() {
  std::fprintf(stderr, "It died in: simulation --replay %llu\n", static_cast<unsigned long long>(current_seed));
}

void NameTheSeedIfItDies() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(NameTheSeed);
#else
  for (const int signal : {SIGSEGV, SIGABRT}) {
    std::signal(signal, [](int which) {
      NameTheSeed();
      std::signal(which, SIG_DFL);
      std::raise(which);
    });
  }
#endif
}

std::optional<std::string> RunSeed(std::uint64_t seed, bool trace, std::atomic<std::uint64_t>& steps) {
  current_seed = seed;
  try {
    Simulation simulation(seed, trace);
    auto broken = simulation.Run();
    steps += static_cast<std::uint64_t>(simulation.steps());
    return broken;
  } catch (const std::exception& error) {
    return absl::StrCat("an exception: ", error.what());
  }
}

int Fail(std::uint64_t seed, const std::string& broken) {
  std::fprintf(stderr, "seed %llu: %s\nSee it with: simulation --replay %llu\n", static_cast<unsigned long long>(seed),
               broken.c_str(), static_cast<unsigned long long>(seed));
  return 1;
}

int RunMany(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [began] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  std::atomic<std::uint64_t> next = 0;
  std::atomic<std::uint64_t> runs = 0;
  std::atomic<std::uint64_t> steps = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  int result = 0;
  const auto work = [&] {
    while (!stop) {
      const std::uint64_t number = next++;
      if (number >= options.runs || seconds() > options.seconds) return;
      const auto broken = RunSeed(options.seed + number, false, steps);
      ++runs;
      if (!broken) continue;
      const std::lock_guard lock(mutex);
      stop = true;
      result = Fail(options.seed + number, *broken);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  const double took = seconds();
  std::printf("%llu runs from seed %llu, %llu steps, %.1f s, %.0f us a run on each of %u threads: %s\n",
              static_cast<unsigned long long>(runs.load()), static_cast<unsigned long long>(options.seed),
              static_cast<unsigned long long>(steps.load()), took,
              took * 1e6 * options.jobs / static_cast<double>(std::max<std::uint64_t>(1, runs)), options.jobs,
              result == 0 ? "every promise was kept" : "a promise was broken");
  return result;
}

int RunFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    return 2;
  }
  int result = 0;
  int count = 0;
  std::atomic<std::uint64_t> steps = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::uint64_t seed = std::stoull(line);
    ++count;
    if (const auto broken = RunSeed(seed, false, steps)) result = Fail(seed, *broken);
  }
  std::printf("%d seeds of %s: %s\n", count, path.c_str(), result == 0 ? "every promise was kept" : "a promise was broken");
  return result;
}

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  NameTheSeedIfItDies();
  if (!options.seeds.empty()) return RunFile(options.seeds);
  if (!options.replay) return RunMany(options);
  std::atomic<std::uint64_t> steps = 0;
  const auto broken = RunSeed(*options.replay, true, steps);
  std::printf("%s\n", broken ? absl::StrCat("Broken: ", *broken).c_str() : "Every promise was kept.");
  return broken ? 1 : 0;
}

}  // namespace
}  // namespace easel::simulation

int main(int argc, char** argv) { return easel::simulation::Main(argc, argv); }
