#include "onnx/test_data.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "import/proto_fields.h"
#include "import/read_tensor.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;
using onnx::TensorProto;

Tensor decoded(const TensorProto& proto) {
  const TemporaryFolder folder;
  write_file(folder / "tensor.pb", proto.SerializeAsString());
  const auto file = import::map_message(folder / "tensor.pb", "a tensor");
  return import::TensorReader(file, folder.path()).read(file->bytes(), "t").tensor();
}

TensorProto proto_of(int type, std::vector<int64_t> shape) {
  TensorProto proto;
  proto.set_data_type(type);
  for (const int64_t size : shape) proto.add_dims(size);
  return proto;
}

TEST(TensorProtoTest, RawBytesAreTakenAsTheyAre) {
  TensorProto proto = proto_of(TensorProto::INT16, {2});
  proto.set_raw_data(std::string("\x01\x02\xff\xff", 4));
  EXPECT_EQ(to_doubles(decoded(proto)), (std::vector<double>{0x201, -1}));
}

TEST(TensorProtoTest, NarrowTypesLieInInt32Data) {
  for (const int type : {TensorProto::INT8, TensorProto::INT16, TensorProto::INT32}) {
    TensorProto proto = proto_of(type, {2});
    proto.add_int32_data(-3);
    proto.add_int32_data(100);
    EXPECT_EQ(to_doubles(decoded(proto)), (std::vector<double>{-3, 100})) << type;
  }
  for (const int type : {TensorProto::UINT8, TensorProto::UINT16}) {
    TensorProto proto = proto_of(type, {1});
    proto.add_int32_data(200);
    EXPECT_EQ(to_doubles(decoded(proto)), (std::vector<double>{200})) << type;
  }
  TensorProto flag = proto_of(TensorProto::BOOL, {});
  flag.add_int32_data(1);
  EXPECT_EQ(to_doubles(decoded(flag)), (std::vector<double>{1}));
  TensorProto half = proto_of(TensorProto::FLOAT16, {1});
  half.add_int32_data(0x3c00);
  EXPECT_EQ(to_doubles(decoded(half)), (std::vector<double>{1}));
  TensorProto eight = proto_of(TensorProto::FLOAT8E4M3FN, {1});
  eight.add_int32_data(0x38);
  EXPECT_EQ(to_doubles(decoded(eight)), (std::vector<double>{1}));
}

TEST(TensorProtoTest, FourBitTypesComeTwoAnEntry) {
  TensorProto proto = proto_of(TensorProto::UINT4, {3});
  proto.add_int32_data(0x21);
  proto.add_int32_data(0x03);
  EXPECT_EQ(to_doubles(decoded(proto)), (std::vector<double>{1, 2, 3}));
}

TEST(TensorProtoTest, WideTypesHaveFieldsOfTheirOwn) {
  TensorProto uint32 = proto_of(TensorProto::UINT32, {1});
  uint32.add_uint64_data(4'000'000'000);
  EXPECT_EQ(to_doubles(decoded(uint32)), (std::vector<double>{4e9}));
  TensorProto float64 = proto_of(TensorProto::DOUBLE, {1});
  float64.add_double_data(0.1);
  EXPECT_EQ(to_doubles(decoded(float64)), (std::vector<double>{0.1}));
  TensorProto complex = proto_of(TensorProto::COMPLEX64, {1});
  complex.add_float_data(1);
  complex.add_float_data(-2);
  EXPECT_EQ(to_doubles(decoded(complex)), (std::vector<double>{1, -2}));
  TensorProto text = proto_of(TensorProto::STRING, {2});
  text.add_string_data("a");
  text.add_string_data("");
  EXPECT_EQ(decoded(text).strings, (std::vector<std::string>{"a", ""}));
}

TEST(TensorProtoTest, ExternalDataIsReadFromItsOffset) {
  const TemporaryFolder folder;
  write_file(folder / "data.bin", "....\x07");
  TensorProto proto = proto_of(TensorProto::UINT8, {1});
  proto.set_data_location(TensorProto::EXTERNAL);
  const std::pair<const char*, const char*> entries[] = {{"location", "data.bin"}, {"offset", "4"}};
  for (const auto& [key, value] : entries) {
    auto* entry = proto.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  write_file(folder / "tensor.pb", proto.SerializeAsString());
  const auto file = import::map_message(folder / "tensor.pb", "a tensor");
  import::TensorReader reader(file, folder.path());
  EXPECT_EQ(reader.read(file->bytes(), "t").doubles(), (std::vector<double>{7}));
}

TEST(TensorProtoTest, AHugeShapeWithoutDataIsAnError) {
  TensorProto proto = proto_of(TensorProto::FLOAT, {1LL << 40});
  EXPECT_THROW(decoded(proto), Error);
  proto.add_dims(1LL << 40);
  EXPECT_THROW(decoded(proto), Error);
}

struct Fixture {
  TemporaryFolder folder;
  Model model;

  Fixture() {
    model.inputs = {{"x", ModelValue::Kind::kTensor, DataType::kFloat32, {}},
                    {"s", ModelValue::Kind::kSequence, DataType::kFloat32, {}},
                    {"o", ModelValue::Kind::kOptional, DataType::kFloat32, {}}};
    model.outputs = {{"y", ModelValue::Kind::kTensor, DataType::kFloat32, {}}};
  }

  std::string error() const {
    try {
      read_test_data(folder.path(), model);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST(TestDataTest, ReadsTensorsSequencesAndOptionals) {
  const Fixture fixture;
  std::string sequence, nothing;
  constexpr int kElementType = 2;
  for (const int64_t size : {2, 3}) {
    import::write_text(sequence, import::sequence_field::kTensors,
                       float_tensor("", {size}).SerializeAsString());
  }
  import::write_integer(nothing, kElementType, 1);
  write_file(fixture.folder / "input_0.pb", float_tensor("", {2, 2}).SerializeAsString());
  write_file(fixture.folder / "input_1.pb", sequence);
  write_file(fixture.folder / "input_2.pb", nothing);
  write_file(fixture.folder / "output_0.pb", float_tensor("", {1}).SerializeAsString());
  const TestData data = read_test_data(fixture.folder.path(), fixture.model);
  ASSERT_EQ(data.inputs.size(), 3u);
  EXPECT_EQ(data.inputs[0].name, "x");
  EXPECT_EQ(data.inputs[0].tensor().shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(data.inputs[1].kind, Value::Kind::kSequence);
  EXPECT_EQ(data.inputs[1].tensors.size(), 2u);
  EXPECT_EQ(data.inputs[2].kind, Value::Kind::kNone);
  ASSERT_EQ(data.outputs.size(), 1u);
  EXPECT_EQ(data.outputs[0].name, "y");
}

TEST(TestDataTest, WhatDoesNotFitTheModelIsNamed) {
  const Fixture fixture;
  EXPECT_NE(fixture.error().find("no input_0.pb"), std::string::npos);
  write_file(fixture.folder / "input_0.pb", int64_tensor("", {1, 2}).SerializeAsString());
  EXPECT_NE(fixture.error().find("contains int64[2], but 'x' is float32"), std::string::npos);
  write_file(fixture.folder / "input_0.pb", "no tensor");
  EXPECT_NE(fixture.error().find("is not an ONNX tensor"), std::string::npos);
  write_file(fixture.folder / "input_0.pb", float_tensor("", {2}).SerializeAsString());
  EXPECT_EQ(fixture.error(), "");
  write_file(fixture.folder / "output_0.pb", float_tensor("", {2}).SerializeAsString());
  write_file(fixture.folder / "output_1.pb", float_tensor("", {2}).SerializeAsString());
  EXPECT_NE(fixture.error().find("only 1 outputs"), std::string::npos);
}

}  // namespace
}  // namespace dnnbench
