#include "gpu/plan_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

const PlanKey kKey{"abc", "TensorRT 10.6.0", "Tesla T4 sm_75", "precision=f32"};

std::filesystem::path only_file(const std::string& folder) {
  return std::filesystem::directory_iterator(folder)->path();
}

TEST(PlanCache, GivesBackWhatWasStored) {
  const TemporaryFolder folder;
  const PlanCache cache(folder / "plans");
  EXPECT_FALSE(cache.find(kKey));
  const std::string plan("a\0b\nc", 5);
  cache.store(kKey, plan);
  EXPECT_EQ(cache.find(kKey), plan);
  cache.store(kKey, "newer");
  EXPECT_EQ(cache.find(kKey), "newer");
}

TEST(PlanCache, AnotherModelLibraryGpuOrSettingHasItsOwn) {
  const TemporaryFolder folder;
  const PlanCache cache(folder.path());
  cache.store(kKey, "plan");
  for (std::string PlanKey::* const part :
       {&PlanKey::model_sha256, &PlanKey::library, &PlanKey::gpu, &PlanKey::settings}) {
    PlanKey other = kKey;
    other.*part += "x";
    EXPECT_FALSE(cache.find(other));
  }
}

TEST(PlanCache, ABrokenOrForeignFileIsNone) {
  const TemporaryFolder folder;
  const PlanCache cache(folder.path());
  cache.store(kKey, "plan");
  const std::filesystem::path file = only_file(folder.path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_FALSE(cache.find(kKey));
  PlanKey other = kKey;
  other.gpu = "NVIDIA L4 sm_89";
  const TemporaryFolder elsewhere;
  PlanCache(elsewhere.path()).store(other, "plan");
  std::filesystem::copy_file(only_file(elsewhere.path()), file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(cache.find(kKey));
  std::ofstream(file) << "";
  EXPECT_FALSE(cache.find(kKey));
  cache.store(kKey, "again");
  EXPECT_EQ(cache.find(kKey), "again");
}

// A library that builds "plan N", the N-th time, and opens what it accepts.
class FakeLibrary {
 public:
  explicit FakeLibrary(std::string refused = "") : refused_(std::move(refused)) {}

  std::optional<double> open(const PlanCache& cache) {
    return cache.open_or_build(
        kKey,
        [&](const std::string& plan) {
          opened = plan;
          return plan != refused_;
        },
        [&] { return "plan " + std::to_string(++built); });
  }

  int built = 0;
  std::string opened;

 private:
  std::string refused_;
};

TEST(PlanCache, BuildsOnceAndThenOpensWhatIsKept) {
  const TemporaryFolder folder;
  const PlanCache cache(folder.path());
  FakeLibrary library;
  EXPECT_TRUE(library.open(cache));
  EXPECT_FALSE(library.open(cache));
  EXPECT_EQ(library.built, 1);
  EXPECT_EQ(library.opened, "plan 1");
}

TEST(PlanCache, BuildsAgainWhatIsBrokenOrForeign) {
  const TemporaryFolder folder;
  const PlanCache cache(folder.path());
  FakeLibrary library;
  library.open(cache);
  const std::filesystem::path file = only_file(folder.path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_TRUE(library.open(cache));
  EXPECT_EQ(library.opened, "plan 2");
  PlanKey other = kKey;
  other.gpu = "NVIDIA L4 sm_89";
  const TemporaryFolder elsewhere;
  PlanCache(elsewhere.path()).store(other, "foreign");
  std::filesystem::copy_file(only_file(elsewhere.path()), file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(library.open(cache));
  EXPECT_EQ(library.opened, "plan 3");
  EXPECT_EQ(cache.find(kKey), "plan 3");
}

TEST(PlanCache, BuildsAgainWhatTheLibraryRefuses) {
  const TemporaryFolder folder;
  const PlanCache cache(folder.path());
  cache.store(kKey, "of another driver");
  FakeLibrary library("of another driver");
  EXPECT_TRUE(library.open(cache));
  EXPECT_EQ(cache.find(kKey), "plan 1");
  FakeLibrary refuses_its_own("plan 1");
  std::filesystem::remove(only_file(folder.path()));
  EXPECT_THROW(refuses_its_own.open(cache), Error);
}

TEST(PlanCache, SaysWhereItCouldNotWrite) {
  EXPECT_THROW(PlanCache("/proc/none").store(kKey, "plan"), Error);
}

}  // namespace
}  // namespace dnnbench
