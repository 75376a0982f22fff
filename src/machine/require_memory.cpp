#include "machine/require_memory.h"

#include <fmt/format.h>

#include "core/error.h"
#include "machine/memory.h"

namespace dnnbench {

void require_memory(double bytes, const std::string& what) {
  const auto free = static_cast<double>(free_memory_bytes());
  if (free == 0 || bytes <= free) return;
  constexpr double kMegabyte = 1e6;
  throw Error(fmt::format("{} takes {:.0f} MB of memory to read, but only {:.0f} MB are free", what,
                          bytes / kMegabyte, free / kMegabyte));
}

}  // namespace dnnbench
