#include "import/mapped_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench::import {
namespace {

TEST(MappedFile, AFileThatIsCutWhileItIsReadIsAnErrorAndNoSignal) {
  const TemporaryFolder folder;
  const std::string path = folder / "weights";
  std::ofstream(path, std::ios::binary) << std::string(100'000, 'x');
  const MappedFile file(path, "a weight file");
  file.require_whole();
  std::filesystem::resize_file(path, 5000);
  const Bytes bytes = file.bytes();
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), std::byte{'x'}), 5000);
  EXPECT_THROW(file.require_whole(), Error);
  const MappedFile again(path, "a weight file");
  again.require_whole();
}

TEST(MappedFile, AnyOtherBusErrorStillEndsTheProgram) {
  const TemporaryFolder folder;
  const std::string path = folder / "weights";
  std::ofstream(path, std::ios::binary) << "x";
  const MappedFile file(path, "a weight file");
  EXPECT_EXIT(raise(SIGBUS), ::testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace dnnbench::import
