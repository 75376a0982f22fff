#include "process/work_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace dnnbench {
namespace {

constexpr uintmax_t kMB = 1'000'000;

TEST(WorkFolder, IsInMemoryWhereThereIsEnough) {
  EXPECT_TRUE(fits_in_memory(8000 * kMB, 50'000 * kMB));
  EXPECT_FALSE(fits_in_memory(64 * kMB, 50'000 * kMB));  // a container
  EXPECT_FALSE(fits_in_memory(0, 50'000 * kMB));
  EXPECT_TRUE(fits_in_memory(64 * kMB, 10 * kMB));  // a full disk
}

TEST(WorkFolder, IsGoneWithItsObject) {
  std::string path;
  {
    const WorkFolder folder;
    path = folder.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace dnnbench
