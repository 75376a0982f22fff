#include "inputs/inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/random_numbers.h"
#include "onnx/test_model.h"

namespace dnnbench {
namespace {

using namespace testing;

Model model_with(DataType type) {
  Model model;
  model.inputs.push_back({"x", ModelValue::Kind::kTensor, type, std::vector<Dimension>{{}}});
  return model;
}

std::vector<double> generated(const Model& model, int64_t count, uint64_t seed = 0) {
  return to_doubles(make_inputs(model, {{"x", {count}}}, seed, {})[0].tensor());
}

double smallest(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

double largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

// Computed apart, from the standard's text of seed_seq and mt19937_64. Another mapping would make
// results of different versions incomparable.
TEST(RandomNumbersTest, TheSequenceNeverChanges) {
  RandomNumbers random(7, 2);
  EXPECT_EQ(random.integer(0, 999), 261);
  EXPECT_EQ(random.integer(0, 999), 377);
  EXPECT_EQ(static_cast<int64_t>(random.uniform(-1, 1) * 1e15), -904673500613117);
}

TEST(RandomNumbersTest, StaysInRange) {
  RandomNumbers random(0, 0);
  for (int i = 0; i < 1000; ++i) {
    const int64_t number = random.integer(-2, 3);
    EXPECT_GE(number, -2);
    EXPECT_LE(number, 3);
  }
  random.integer(INT64_MIN, INT64_MAX);
}

TEST(InputsTest, TheSameSeedGivesTheSameBytes) {
  const Model model = model_with(DataType::kFloat32);
  EXPECT_EQ(generated(model, 100, 5), generated(model, 100, 5));
  EXPECT_NE(generated(model, 100, 5), generated(model, 100, 6));
}

TEST(InputsTest, InputsOfOneModelDiffer) {
  Model model = model_with(DataType::kFloat32);
  model.inputs.push_back(model.inputs[0]);
  model.inputs[1].name = "z";
  const auto inputs = make_inputs(model, {{"x", {8}}, {"z", {8}}}, 0, {});
  EXPECT_NE(inputs[0].tensor().bytes, inputs[1].tensor().bytes);
}

TEST(InputsTest, EveryNumericTypeGetsHealthyVariedValues) {
  for (int number = 1; number <= 24; ++number) {
    const auto type = static_cast<DataType>(number);
    if (type == DataType::kString) continue;
    const std::vector<double> values = generated(model_with(type), 200);
    EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](double value) {
      return std::isfinite(value);
    })) << to_string(type);
    EXPECT_LT(smallest(values), largest(values)) << to_string(type);
  }
}

TEST(InputsTest, RangesOfTypes) {
  const std::vector<double> floats = generated(model_with(DataType::kFloat32), 1000);
  EXPECT_GE(smallest(floats), -1);
  EXPECT_LE(largest(floats), 1);
  EXPECT_LT(smallest(floats), -0.9);
  EXPECT_GT(largest(floats), 0.9);
  const std::vector<double> bytes = generated(model_with(DataType::kUint8), 10000);
  EXPECT_EQ(smallest(bytes), 0);
  EXPECT_EQ(largest(bytes), 255);
  const std::vector<double> flags = generated(model_with(DataType::kBool), 100);
  EXPECT_EQ(smallest(flags), 0);
  EXPECT_EQ(largest(flags), 1);
}

TEST(InputsTest, TheGraphsRangesAreKept) {
  Model model = model_with(DataType::kInt64);
  model.input_ranges["x"] = {-2, 97};
  const std::vector<double> values = generated(model, 10000);
  EXPECT_EQ(smallest(values), -2);
  EXPECT_EQ(largest(values), 97);
}

TEST(InputsTest, StringsAreWords) {
  const Tensor tensor = make_inputs(model_with(DataType::kString), {{"x", {3}}}, 0, {})[0].tensor();
  ASSERT_EQ(tensor.strings.size(), 3u);
  EXPECT_EQ(tensor.strings[0].substr(0, 4), "word");
}

TEST(InputsTest, ASequenceMustBeGiven) {
  Model model = model_with(DataType::kFloat32);
  model.inputs[0].kind = ModelValue::Kind::kSequence;
  EXPECT_THROW(make_inputs(model, {}, 0, {}), Error);
}

std::vector<double> filled(DataType type, const std::string& number) {
  const Model model = model_with(type);
  const GivenInputs given = read_given_inputs(model, {{"x", number}}, std::nullopt);
  return to_doubles(make_inputs(model, {{"x", {3}}}, 0, given)[0].tensor());
}

TEST(InputsTest, FillsWithANumber) {
  EXPECT_EQ(filled(DataType::kInt64, "16000"), (std::vector<double>{16000, 16000, 16000}));
  EXPECT_EQ(filled(DataType::kFloat32, "0.5"), (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(filled(DataType::kInt4, "-3"), (std::vector<double>{-3, -3, -3}));
  EXPECT_EQ(filled(DataType::kBool, "1"), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(filled(DataType::kComplex64, "2"), (std::vector<double>{2, 0, 2, 0, 2, 0}));
}

TEST(InputsTest, ANumberThatTheTypeCannotHoldIsAnError) {
  EXPECT_THROW(filled(DataType::kInt64, "0.5"), UsageError);
  EXPECT_THROW(filled(DataType::kUint8, "256"), UsageError);
  EXPECT_THROW(filled(DataType::kUint64, "-1"), UsageError);
  EXPECT_THROW(filled(DataType::kBool, "2"), UsageError);
}

std::string float_npy(const std::string& shape, const std::vector<float>& values) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}\n";
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  for (const float value : values) {
    char four[4];
    std::memcpy(four, &value, sizeof four);
    bytes.append(four, sizeof four);
  }
  return bytes;
}

TEST(GivenInputsTest, AnArrayFixesValuesAndShape) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", float_npy("(2,)", {1, 2}));
  const Model model = model_with(DataType::kFloat32);
  const GivenInputs given = read_given_inputs(model, {{"x", folder / "x.npy"}}, std::nullopt);
  const InputShapes shapes = given_shapes(model, given, {});
  EXPECT_EQ(shapes.at("x"), (std::vector<int64_t>{2}));
  EXPECT_EQ(to_doubles(make_inputs(model, shapes, 0, given)[0].tensor()),
            (std::vector<double>{1, 2}));
  EXPECT_THROW(given_shapes(model, given, {{"x", {3}}}), UsageError);
}

TEST(GivenInputsTest, WhatDoesNotFitIsNamed) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", float_npy("(2,)", {1, 2}));
  const auto given = [&](DataType type, const std::string& name, const std::string& value) {
    return read_given_inputs(model_with(type), {{name, value}}, std::nullopt);
  };
  EXPECT_THROW(given(DataType::kFloat32, "y", "1"), UsageError);
  EXPECT_THROW(given(DataType::kInt64, "x", folder / "x.npy"), Error);
  EXPECT_THROW(given(DataType::kFloat32, "x", folder / "none.npy"), Error);
}

TEST(GivenInputsTest, AnInputOfItsOwnMakesTheExpectedOutputsVoid) {
  const TemporaryFolder folder;
  write_file(folder / "input_0.pb", float_tensor("", {2}).SerializeAsString());
  write_file(folder / "output_0.pb", float_tensor("", {2}).SerializeAsString());
  Model model = model_with(DataType::kFloat32);
  model.outputs = model.inputs;
  EXPECT_EQ(read_given_inputs(model, {}, folder.path()).expected_outputs.size(), 1u);
  const GivenInputs overridden = read_given_inputs(model, {{"x", "1"}}, folder.path());
  EXPECT_TRUE(overridden.expected_outputs.empty());
  EXPECT_TRUE(overridden.values.empty());
}

TEST(GivenInputsTest, TestDataAreWhole) {
  const TemporaryFolder folder;
  const std::string tensor = float_tensor("", {2}).SerializeAsString();
  Model model = model_with(DataType::kFloat32);
  model.inputs.push_back(model.inputs[0]);
  model.inputs[1].name = "z";
  model.outputs = model.inputs;
  const auto error = [&](const std::map<std::string, std::string>& inputs) -> std::string {
    try {
      read_given_inputs(model, inputs, folder.path());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  write_file(folder / "input_0.pb", tensor);
  write_file(folder / "output_0.pb", tensor);
  EXPECT_NE(error({}).find("no input_1.pb for input 'z'"), std::string::npos) << error({});
  EXPECT_EQ(error({{"z", "1"}}), "");
  EXPECT_NE(error({{"x", "1"}}), "");
  write_file(folder / "input_1.pb", tensor);
  EXPECT_NE(error({}).find("no output_1.pb for output 'z'"), std::string::npos) << error({});
  EXPECT_EQ(error({{"z", "1"}}), "");
  write_file(folder / "output_1.pb", tensor);
  EXPECT_EQ(error({}), "");
}

TEST(InputsTest, OtherInputsDiffer) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", float_npy("(2,)", {1, 2}));
  const Model model = model_with(DataType::kFloat32);
  const InputShapes shapes{{"x", {2}}};
  EXPECT_NE(make_inputs(model, shapes, 0, {})[0].tensor().bytes,
            make_other_inputs(model, shapes, 0, {})[0].tensor().bytes);
  const GivenInputs given = read_given_inputs(model, {{"x", folder / "x.npy"}}, std::nullopt);
  const std::vector<double> other =
      to_doubles(make_other_inputs(model, shapes, 0, given)[0].tensor());
  EXPECT_NE(other[0], 1);
  EXPECT_NEAR(other[0], 1, 0.011);
}

TEST(InputsTest, PerturbMovesFloatsOnlyAndLittle) {
  Tensor floats = make_tensor(DataType::kFloat64, {3});
  from_doubles(std::vector<double>{1, -1000, 0}, floats);
  Tensor whole = make_tensor(DataType::kInt64, {1});
  from_doubles(std::vector<double>{5}, whole);
  const auto perturbed = perturb({make_value("f", floats), make_value("i", whole)}, 1e-7, 3);
  const std::vector<double> values = to_doubles(perturbed[0].tensor());
  EXPECT_NE(values[0], 1);
  EXPECT_NEAR(values[0], 1, 1.01e-7);
  EXPECT_NEAR(values[1], -1000, 1.01e-4);
  EXPECT_EQ(values[2], 0);
  EXPECT_EQ(perturbed[1].tensor().bytes, whole.bytes);
}

// A step of f16 is 2^-10 of a number or less, one of bf16 2^-7.
TEST(InputsTest, PerturbMovesHalfPrecisionByItsLastBit) {
  for (const auto& [type, step] :
       {std::pair{DataType::kFloat16, 0x1p-10}, std::pair{DataType::kBfloat16, 0x1p-7}}) {
    Tensor tensor = make_tensor(type, {100});
    from_doubles(std::vector<double>(100, 1.75), tensor);
    const std::vector<Value> inputs{make_value("x", tensor)};
    EXPECT_EQ(perturb(inputs, 1e-7, 3)[0].tensor().bytes, tensor.bytes);  // a model in f32
    const std::vector<double> values = to_doubles(perturb(inputs, 1e-7, 3, true)[0].tensor());
    int moved = 0;
    for (const double value : values) {
      moved += value != 1.75 ? 1 : 0;
      EXPECT_LE(std::fabs(value - 1.75), step);
    }
    EXPECT_GT(moved, 10);
  }
}

}  // namespace
}  // namespace dnnbench
