#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace easel::cli {

bool IsTerminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool CanRedraw(int descriptor) {
  const char* term = std::getenv("TERM");
  return IsTerminal(descriptor) && (term == nullptr || std::string_view(term) != "dumb");
}

int Width(int descriptor) {
  winsize size = {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace easel::cli
