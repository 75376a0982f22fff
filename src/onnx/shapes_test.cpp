#include "onnx/shapes.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

ModelValue tensor(const std::string& name, std::vector<Dimension> dimensions,
                  DataType type = DataType::kFloat32) {
  return {name, ModelValue::Kind::kTensor, type, std::move(dimensions)};
}

Dimension fixed(int64_t size) { return {size, ""}; }
Dimension symbol(const std::string& name) { return {std::nullopt, name}; }
Dimension unknown() { return {}; }

Model model_of(std::vector<ModelValue> inputs) {
  Model model;
  model.path = "model.onnx";
  model.inputs = std::move(inputs);
  return model;
}

std::optional<std::string> accept_all(const InputShapes&) { return std::nullopt; }

std::string usage_error(const Model& model, const InputShapes& shapes) {
  try {
    resolve_shapes(model, shapes, accept_all);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ShapesTest, FixedSizesNeedNoTry) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3)})});
  const ResolvedShapes shapes = resolve_shapes(model, {}, nullptr);
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(shapes.inputs.at("x")[0].source, SizeSource::kModel);
}

TEST(ShapesTest, TheBatchIsOneWithoutATry) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3), fixed(8), fixed(8)}),
                                tensor("ids", {unknown()}, DataType::kInt64)});
  const ResolvedShapes shapes = resolve_shapes(model, {}, nullptr);
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 3, 8, 8}));
  EXPECT_EQ(shapes.sizes().at("ids"), (std::vector<int64_t>{1}));
  EXPECT_EQ(describe("x", shapes.inputs.at("x")), "x=1,3,8,8 (N 1 chosen)");
}

std::string batch_error(const Model& model, const InputShapes& shapes, int64_t batch) {
  try {
    resolve_shapes(model, shapes, accept_all, batch);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ShapesTest, ABatchIsThatOfAllInputs) {
  const Model model =
      model_of({tensor("x", {symbol("N"), fixed(3), fixed(8), fixed(8)}),
                tensor("ids", {unknown()}, DataType::kInt64),
                tensor("time", {fixed(8), symbol("batch_size")}), tensor("scale", {fixed(1)})});
  const InputShapes sizes = resolve_shapes(model, {}, nullptr, 4).sizes();
  EXPECT_EQ(sizes.at("x"), (std::vector<int64_t>{4, 3, 8, 8}));
  EXPECT_EQ(sizes.at("ids"), (std::vector<int64_t>{4}));
  EXPECT_EQ(sizes.at("time"), (std::vector<int64_t>{8, 4}));
  EXPECT_EQ(sizes.at("scale"), (std::vector<int64_t>{1}));
}

TEST(ShapesTest, AFixedBatchCanBeNoOther) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3)})});
  EXPECT_EQ(batch_error(model, {}, 1), "");
  EXPECT_EQ(batch_error(model, {}, 4),
            "--batch=4 can't be run: the model fixes the batch of its inputs (x float32[1,3]); "
            "export it with an open first dimension");
}

TEST(ShapesTest, ABatchAndAShapeMustAgree) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3)})});
  EXPECT_EQ(batch_error(model, {{"x", {4, 3}}}, 4), "");
  EXPECT_EQ(batch_error(model, {{"x", {2, 3}}}, 4),
            "--batch=4 contradicts the shapes given, whose batch is 2");
}

TEST(ShapesTest, PicturesAreTriedUntilOneIsAccepted) {
  const Model model = model_of({tensor("x", {unknown(), unknown(), unknown(), fixed(3)})});
  int tries = 0;
  const ResolvedShapes shapes = resolve_shapes(model, {}, [&](const InputShapes& sizes) {
    ++tries;
    return sizes.at("x")[1] == 416 ? std::nullopt : std::optional<std::string>("too small");
  });
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 416, 416, 3}));
  EXPECT_EQ(tries, 2);
}

TEST(ShapesTest, OpenChannelsAreThreeOrOne) {
  const Model model = model_of({tensor("x", {unknown(), unknown(), unknown(), unknown()})});
  const ResolvedShapes shapes = resolve_shapes(model, {}, [&](const InputShapes& sizes) {
    return sizes.at("x")[1] == 1 ? std::nullopt : std::optional<std::string>("one channel");
  });
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 1, 224, 224}));
}

TEST(ShapesTest, OneSymbolIsOneSize) {
  const Model model =
      model_of({tensor("ids", {symbol("batch"), symbol("sequence")}, DataType::kInt64),
                tensor("mask", {symbol("batch"), symbol("sequence")}, DataType::kInt64)});
  EXPECT_EQ(resolve_shapes(model, {}, accept_all).sizes().at("mask"),
            (std::vector<int64_t>{1, 128}));
  const ResolvedShapes given = resolve_shapes(model, {{"ids", {2, 7}}}, accept_all);
  EXPECT_EQ(given.sizes().at("mask"), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(given.inputs.at("mask")[1].source, SizeSource::kUser);
  EXPECT_NE(usage_error(model, {{"ids", {2, 7}}, {"mask", {2, 8}}}).find("both 7 and 8"),
            std::string::npos);
}

TEST(ShapesTest, SumsOfSymbolsAreSummed) {
  const Model model =
      model_of({tensor("ids", {symbol("batch"), symbol("seq")}, DataType::kInt64),
                tensor("past", {symbol("batch"), fixed(12), symbol("past_seq"), fixed(64)}),
                tensor("mask", {symbol("batch"), symbol("past_seq + seq")}, DataType::kInt64)});
  const InputShapes shapes = resolve_shapes(model, {}, accept_all).sizes();
  EXPECT_EQ(shapes.at("mask")[1], shapes.at("past")[2] + shapes.at("ids")[1]);
}

TEST(ShapesTest, WhatDoesNotFitTheModelIsAUsageError) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3)})});
  EXPECT_NE(usage_error(model, {{"y", {1, 3}}}).find("no input 'y'; its inputs are x"),
            std::string::npos);
  EXPECT_NE(usage_error(model, {{"x", {1, 4}}}).find("does not fit"), std::string::npos);
  EXPECT_NE(usage_error(model, {{"x", {1}}}).find("does not fit"), std::string::npos);
  EXPECT_EQ(usage_error(model, {{"x", {5, 3}}}), "");
}

TEST(ShapesTest, WithoutARankTheUserMustSay) {
  Model model = model_of({tensor("x", {})});
  model.inputs[0].dimensions.reset();
  EXPECT_THROW(resolve_shapes(model, {}, accept_all), Error);
  EXPECT_EQ(resolve_shapes(model, {{"x", {2, 2}}}, accept_all).sizes().at("x"),
            (std::vector<int64_t>{2, 2}));
}

TEST(ShapesTest, NothingAcceptedNamesTheInputsAndTheReason) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3), symbol("height"), unknown()})});
  int tries = 0;
  try {
    resolve_shapes(model, {}, [&](const InputShapes&) {
      ++tries;
      return std::optional<std::string>("no");
    });
    FAIL();
  } catch (const Error& error) {
    const std::string sentence = error.what();
    EXPECT_NE(sentence.find("x float32[1,3,height,?]"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("--shape"), std::string::npos);
    EXPECT_NE(sentence.find("no"), std::string::npos);
  }
  EXPECT_EQ(tries, 9);
}

}  // namespace
}  // namespace dnnbench
