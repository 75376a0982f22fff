#include "inputs/npy.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;

// A file of format version 1, 2 or 3.
std::string npy(int version, const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY", 6);
  bytes += static_cast<char>(version);
  bytes += '\0';
  const int length_bytes = version == 1 ? 2 : 4;
  for (int i = 0; i < length_bytes; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 255);
  return bytes + header + data;
}

std::string header(const std::string& descr, bool fortran, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }   \n";
}

Tensor read(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", bytes);
  return read_npy(folder / "x.npy");
}

std::string error_of(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const std::string kSixInt16("\1\0\2\0\3\0\4\0\5\0\6\0", 12);

TEST(NpyTest, ReadsAllVersions) {
  for (const int version : {1, 2, 3}) {
    const Tensor tensor = read(npy(version, header("<i2", false, "(2, 3)"), kSixInt16));
    EXPECT_EQ(tensor.type, DataType::kInt16);
    EXPECT_EQ(tensor.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(to_doubles(tensor), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(NpyTest, ColumnMajorBecomesRowMajor) {
  const Tensor matrix = read(npy(1, header("<i2", true, "(2, 3)"), kSixInt16));
  EXPECT_EQ(to_doubles(matrix), (std::vector<double>{1, 3, 5, 2, 4, 6}));
  const Tensor cube = read(npy(1, header("<i2", true, "(1, 3, 2)"), kSixInt16));
  EXPECT_EQ(to_doubles(cube), (std::vector<double>{1, 4, 2, 5, 3, 6}));
}

TEST(NpyTest, BigEndianBecomesLittle) {
  const Tensor tensor = read(npy(1, header(">f4", false, "(1,)"), std::string("\x3f\x80\0\0", 4)));
  EXPECT_EQ(to_doubles(tensor), (std::vector<double>{1}));
  const Tensor complex =
      read(npy(1, header(">c8", false, "(1,)"), std::string("\x3f\x80\0\0\xbf\x80\0\0", 8)));
  EXPECT_EQ(to_doubles(complex), (std::vector<double>{1, -1}));
}

TEST(NpyTest, ReadsScalarsAndEmptyArrays) {
  EXPECT_EQ(read(npy(1, header("|u1", false, "()"), "\7")).shape, std::vector<int64_t>{});
  EXPECT_EQ(read(npy(1, header("<f4", false, "(0, 3)"), "")).shape, (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(read(npy(1, header("|b1", false, "(2,)"), std::string("\0\1", 2))).type,
            DataType::kBool);
}

TEST(NpyTest, WhatItCannotReadIsOneSentence) {
  EXPECT_NE(error_of("").find("does not start as one"), std::string::npos);
  EXPECT_NE(error_of("PK\3\4 not an array").find("does not start"), std::string::npos);
  EXPECT_NE(error_of(npy(4, header("<f4", false, "()"), "abcd")).find("version 4"),
            std::string::npos);
  EXPECT_NE(error_of(npy(1, header("<f4", false, "(2,)"), "abcd")).find("needs 8 bytes"),
            std::string::npos);
  EXPECT_NE(error_of(npy(1, header("|O", false, "(2,)"), "abcd")).find("type 'O'"),
            std::string::npos);
  EXPECT_NE(error_of(npy(1, header("xf4", false, "(1,)"), "abcd")).find("byte order 'x'"),
            std::string::npos);
  EXPECT_NE(error_of(npy(1, header("<f4", false, "(-2,)"), "")).find("whole number"),
            std::string::npos);
  EXPECT_NE(error_of(npy(1, "{}", "")).find("no 'descr'"), std::string::npos);
  EXPECT_NE(error_of(npy(1, "{'descr': [('a', '<f4')], ", "")).find("not plain numbers"),
            std::string::npos);
  EXPECT_THROW(read_npy("/nowhere/x.npy"), Error);
}

TEST(NpyTest, EveryTruncationIsAnError) {
  const std::string whole = npy(2, header("<i2", false, "(2, 3)"), kSixInt16);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of(whole.substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace dnnbench
