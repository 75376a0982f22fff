#include "inputs/samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using testing::write_file;

// Of f32, the elements 0, 1, 2, ...
std::string npy(const std::string& shape, int elements) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  file += '\0';
  file += header;
  for (int i = 0; i < elements; ++i) {
    const auto value = static_cast<float>(i);
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return file;
}

std::string number(size_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 0xFF);
  return text;
}

// A zip archive with one entry, as numpy.savez writes it.
std::string npz(const std::string& name, const std::string& content, size_t method = 0) {
  const std::string sizes = number(content.size(), 4) + number(content.size(), 4);
  const std::string common = number(20, 2) + number(0, 2) + number(method, 2) + number(0, 8) +
                             sizes + number(name.size(), 2) + number(0, 2);
  const std::string local = "PK\x03\x04" + common + name + content;
  const std::string entry =
      "PK\x01\x02" + number(20, 2) + common + number(0, 2 + 2 + 2 + 4) + number(0, 4) + name;
  return local + entry + "PK\x05\x06" + number(0, 4) + number(1, 2) + number(1, 2) +
         number(entry.size(), 4) + number(local.size(), 4) + number(0, 2);
}

class Samples : public ::testing::Test {
 protected:
  Samples() {
    ModelValue input;
    input.name = "x";
    input.type = DataType::kFloat32;
    model_.inputs = {input};
  }

  std::vector<InputSample> read() { return read_samples(model_, {{"x", {1, 2}}}, folder_.path()); }

  std::string why_not() {
    try {
      read();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  void write(const std::string& name, const std::string& bytes) {
    write_file(folder_.path() + "/" + name, bytes);
  }

  Model model_;
  TemporaryFolder folder_;
};

TEST_F(Samples, LieAlongTheFirstDimensionOfAnArray) {
  write("x.npy", npy("3, 2", 6));
  const std::vector<InputSample> samples = read();
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[2][0].name, "x");
  EXPECT_EQ(samples[2][0].tensor().shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(to_doubles(samples[2][0].tensor()), (std::vector<double>{4, 5}));
}

TEST_F(Samples, MayHaveADimensionOfTheirOwn) {
  write("any.npy", npy("2, 1, 2", 4));
  EXPECT_EQ(read().size(), 2u);
}

TEST_F(Samples, AreReadFromArchives) {
  write("a.npz", npz("x.npy", npy("1, 2", 2)));
  write("b.npz", npz("x.npy", npy("4, 2", 8)));
  const std::vector<InputSample> samples = read();
  ASSERT_EQ(samples.size(), 5u);
  EXPECT_EQ(to_doubles(samples[4][0].tensor()), (std::vector<double>{6, 7}));
}

TEST_F(Samples, AreReadFromTestDataSets) {
  for (const char* set : {"test_data_set_0", "test_data_set_1"}) {
    write(std::string(set) + "/input_0.pb", testing::float_tensor("x", {1, 2}).SerializeAsString());
  }
  EXPECT_EQ(read().size(), 2u);
}

// Labels and a metric's places go by it.
TEST_F(Samples, AreInTheOrderOfTheirNumbers) {
  const auto set_with = [](int value) {
    onnx::TensorProto tensor = testing::float_tensor("x", {1, 2});
    tensor.set_float_data(0, static_cast<float>(value));
    return tensor.SerializeAsString();
  };
  const auto firsts = [this] {
    std::vector<double> values;
    for (const InputSample& sample : read()) values.push_back(to_doubles(sample[0].tensor())[0]);
    return values;
  };
  std::vector<double> numbers;
  for (int set = 0; set < 12; ++set) {
    write("test_data_set_" + std::to_string(set) + "/input_0.pb", set_with(set));
    numbers.push_back(set);
  }
  EXPECT_EQ(firsts(), numbers);
  // An archive's samples stay together; zeros in front change nothing.
  write("10.npz", npz("x.npy", npy("1, 2", 2)));
  write("9.npz", npz("x.npy", npy("3, 2", 6)));
  write("08.npz", npz("x.npy", npy("2, 2", 4)));
  const std::vector<double> of_archives{0, 2, 0, 2, 4, 0};
  numbers.insert(numbers.begin(), of_archives.begin(), of_archives.end());
  EXPECT_EQ(firsts(), numbers);
}

TEST_F(Samples, ThatDontFitAreRefused) {
  EXPECT_NE(why_not().find("contains 0 samples, but 2 are needed"), std::string::npos);
  write("x.npy", npy("3, 3", 9));
  EXPECT_NE(why_not().find("contains float32[3,3], but input 'x' is float32[1,2]"),
            std::string::npos);
  std::filesystem::remove(folder_.path() + "/x.npy");
  write("a.npz", npz("x.npy", npy("2, 2", 4), 8));
  EXPECT_NE(why_not().find("it is compressed; write it with numpy.savez"), std::string::npos);
  write("a.npz", "PK nothing");
  EXPECT_NE(why_not().find("it is not a zip archive"), std::string::npos);
}

TEST_F(Samples, OfNoElementsCantBeCounted) {
  write("x.npy", npy("4611686018427387904, 0", 0));
  EXPECT_THROW(read_samples(model_, {{"x", {0}}}, folder_.path()), Error);
}

TEST_F(Samples, EntriesOfAnArchiveThatShareTheirBytesAreRefused) {
  const std::string content = npy("4, 2", 8);
  std::string archive = npz("x.npy", content);
  const size_t list_at = archive.find("PK\x01\x02"), end_at = archive.rfind("PK\x05\x06");
  const std::string entry = archive.substr(list_at, end_at - list_at);
  const std::string last = archive.substr(end_at);
  const std::string local = archive.substr(0, list_at);
  write("a.npz", local + entry + entry + entry + "PK\x05\x06" + number(0, 4) + number(3, 2) +
                     number(3, 2) + number(3 * entry.size(), 4) + last.substr(16));
  EXPECT_NE(why_not().find("entries share their bytes"), std::string::npos);
}

TEST_F(Samples, MayHaveLabels) {
  write("labels.npy", npy("4", 4));  // of f32
  const std::string path = folder_.path() + "/labels.npy";
  EXPECT_THROW(read_labels(path, 4), Error);
  std::string whole = npy("2", 4);  // 16 bytes: two of int64
  whole.replace(whole.find("<f4"), 3, "<i8");
  whole.replace(whole.size() - 16, 16, number(7, 8) + number(3, 8));
  write("labels.npy", whole);
  EXPECT_EQ(read_labels(path, 2), (std::vector<std::vector<int64_t>>{{7}, {3}}));
  EXPECT_EQ(read_labels(path, 1), (std::vector<std::vector<int64_t>>{{7, 3}}));
  EXPECT_THROW(read_labels(path, 3), Error);
  whole.replace(whole.find("<i8"), 3, "<u8");
  whole.replace(whole.size() - 8, 8, std::string(8, '\xff'));
  write("labels.npy", whole);
  EXPECT_THROW(read_labels(path, 2), Error);
}

TEST(CalibratingSamples, AreAtMostSixteenAndSpreadOut) {
  const auto count = [](size_t samples) {
    const std::vector<bool> calibrating = calibrating_samples(samples);
    return std::count(calibrating.begin(), calibrating.end(), true);
  };
  EXPECT_EQ(count(2), 1);
  EXPECT_EQ(count(16), 12);
  EXPECT_EQ(count(1000), 16);
  EXPECT_TRUE(calibrating_samples(1000)[0]);
  EXPECT_FALSE(calibrating_samples(1000)[1]);
}

}  // namespace
}  // namespace dnnbench
