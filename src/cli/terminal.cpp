#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace dnnbench {

size_t width_of(int descriptor) {
  if (isatty(descriptor) != 1) return kUnlimitedWidth;
  constexpr size_t kUsual = 80;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

bool can_rewrite(int descriptor) {
  const char* const terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

bool can_colour(int descriptor) {
  const char* const no_colour = std::getenv("NO_COLOR");
  return can_rewrite(descriptor) && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace dnnbench
