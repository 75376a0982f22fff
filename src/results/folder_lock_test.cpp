#include "results/folder_lock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

TEST(FolderLock, OneAtATimeHasIt) {
  const TemporaryFolder folder;
  std::optional<FolderLock> first(folder.path());
  const FolderLock second(folder.path());
  EXPECT_TRUE(first->try_take());
  EXPECT_TRUE(first->try_take());
  EXPECT_FALSE(second.try_take());
  first.reset();
  EXPECT_TRUE(second.try_take());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderLock, AFolderThatIsNotThereIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THROW(FolderLock(folder / "none"), Error);
}

}  // namespace
}  // namespace dnnbench
