#include "tests/bench/flags.h"

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "tests/bench/process.h"

namespace easel::bench {

namespace po = boost::program_options;

po::typed_value<std::string>* DurationFlag(absl::Duration& into) {
  return po::value<std::string>()
      ->default_value(absl::FormatDuration(into))
      ->value_name("DURATION")
      ->notifier([&into](const std::string& text) {
        if (!absl::ParseDuration(text, &into) || into < absl::ZeroDuration()) {
          throw po::error("\"" + text + "\" is no duration; write it as 20s or 150ms");
        }
      });
}

void ReadFlags(int argc, char** argv, po::options_description flags, const std::string& positional) {
  flags.add_options()("help", "Print this");
  po::positional_options_description order;
  if (!positional.empty()) order.add(positional.c_str(), 1);
  try {
    po::variables_map read;
    po::store(po::command_line_parser(argc, argv).options(flags).positional(order).run(), read);
    if (read.contains("help")) {
      std::cout << flags;
      std::exit(0);
    }
    po::notify(read);
  } catch (const po::error& error) {
    Refuse(absl::StrCat(error.what(), "; --help names every flag"));
  }
}

}  // namespace easel::bench
