#include "protocol/value_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

class ValueFileTest : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "values";
};

TEST_F(ValueFileTest, KeepsEveryKindOfValue) {
  Tensor floats = make_tensor(DataType::kFloat32, {2, 3});
  for (size_t i = 0; i < 6; ++i) floats.as<float>()[i] = static_cast<float>(i) - 2.5F;
  Tensor strings = make_tensor(DataType::kString, {3});
  strings.strings = {"", "a\nb", std::string("nul\0inside", 10)};
  const Tensor empty = make_tensor(DataType::kInt64, {0, 4});
  Value sequence{"seq", Value::Kind::kSequence, {floats, strings}};
  const std::vector<Value> values{make_value("x:0", floats),
                                  make_value("names", strings),
                                  make_value("empty", empty),
                                  sequence,
                                  {"none", Value::Kind::kNone, {}}};
  write_values(path_, values);
  const std::vector<Value> read = read_values(path_);
  ASSERT_EQ(read.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(read[i].name, values[i].name);
    EXPECT_EQ(read[i].kind, values[i].kind);
    ASSERT_EQ(read[i].tensors.size(), values[i].tensors.size());
    for (size_t j = 0; j < values[i].tensors.size(); ++j) {
      EXPECT_EQ(read[i].tensors[j].type, values[i].tensors[j].type);
      EXPECT_EQ(read[i].tensors[j].shape, values[i].tensors[j].shape);
      EXPECT_EQ(read[i].tensors[j].bytes, values[i].tensors[j].bytes);
      EXPECT_EQ(read[i].tensors[j].strings, values[i].tensors[j].strings);
    }
  }
}

TEST_F(ValueFileTest, RefusesWhatIsCutShort) {
  write_values(path_, {make_value("x", make_tensor(DataType::kFloat32, {100}))});
  const auto size = std::filesystem::file_size(path_);
  for (const std::uintmax_t kept : {size - 1, size - 399, std::uintmax_t{20}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(path_, kept);
    EXPECT_THROW(read_values(path_), Error) << kept << " bytes";
  }
}

TEST_F(ValueFileTest, RefusesAForeignFile) {
  std::ofstream(path_) << "{\"x\": 1}\n";
  EXPECT_THROW(read_values(path_), Error);
  EXPECT_THROW(read_values("/nonexistent/values"), Error);
}

// Opening a FIFO for writing, or reading, waits for the other side.
TEST_F(ValueFileTest, TakesThePlaceOfWhateverLiesThere) {
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THROW(read_values(path_), Error);
  write_values(path_, {make_value("x", make_tensor(DataType::kFloat32, {3}))});
  EXPECT_EQ(read_values(path_).size(), 1U);
  EXPECT_EQ(read_values(path_, 1000).size(), 1U);
  EXPECT_THROW(read_values(path_, 10), Error);
}

}  // namespace
}  // namespace dnnbench
