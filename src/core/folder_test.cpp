#include "core/folder.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

TEST(TemporaryFolderOfTheSystem, IsTheOneThatIsSetWhereItIsThere) {
  const TemporaryFolder folder;
  const char* const set = std::getenv("TMPDIR");
  const std::string before = set != nullptr ? set : "";
  setenv("TMPDIR", folder.path().c_str(), 1);
  EXPECT_EQ(temporary_folder(), folder.path());
  setenv("TMPDIR", (folder / "missing").c_str(), 1);
  EXPECT_EQ(temporary_folder(), "/tmp");
  set != nullptr ? setenv("TMPDIR", before.c_str(), 1) : unsetenv("TMPDIR");
}

}  // namespace
}  // namespace dnnbench
