#include "machine/memory.h"

#include <gtest/gtest.h>

#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

TEST(FreeMemory, IsTheSystemsOrTheGroupsWhereThatHasLess) {
  const TemporaryFolder folder;
  EXPECT_EQ(free_memory_bytes(folder.path()), 0);  // not known
  write_file(folder / "proc/meminfo", "MemTotal: 200 kB\nMemAvailable: 100 kB\n");
  EXPECT_EQ(free_memory_bytes(folder.path()), 102'400);
  write_file(folder / "proc/self/cgroup", "0::/\n");
  write_file(folder / "sys/fs/cgroup/memory.max", "50000\n");
  for (const auto& [in_use, left] : {std::pair("10000", 40'000), std::pair("50000", 1)}) {
    write_file(folder / "sys/fs/cgroup/memory.current", in_use);
    EXPECT_EQ(free_memory_bytes(folder.path()), left) << in_use;
  }
}

}  // namespace
}  // namespace dnnbench
