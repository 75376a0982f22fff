#include "core/sha256.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

TEST(Sha256, OfAFileIsThatOfItsText) {
  const TemporaryFolder folder;
  write_file(folder / "file", "abc");
  EXPECT_EQ(sha256_of_file(folder / "file"), sha256_of_text("abc"));
  EXPECT_EQ(sha256_of_text("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// A folder is opened as a file is, and fails where it is read.
TEST(Sha256, AReadErrorIsNotTheEndOfTheFile) {
  const TemporaryFolder folder;
  EXPECT_THROW(sha256_of_file(folder.path()), Error);
  EXPECT_THROW(sha256_of_file(folder / "missing"), Error);
}

}  // namespace
}  // namespace dnnbench
