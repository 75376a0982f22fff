#include "prepare/choose_sizes.h"

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
    choose_sizes(model, shapes, accept_all);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ChooseSizesTest, FixedSizesNeedNoTry) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3)})});
  const ResolvedShapes shapes = choose_sizes(model, {}, nullptr);
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(shapes.inputs.at("x")[0].source, SizeSource::kModel);
}

TEST(ChooseSizesTest, TheBatchIsOneWithoutATry) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3), fixed(8), fixed(8)}),
                                tensor("ids", {unknown()}, DataType::kInt64)});
  const ResolvedShapes shapes = choose_sizes(model, {}, nullptr);
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 3, 8, 8}));
  EXPECT_EQ(shapes.sizes().at("ids"), (std::vector<int64_t>{1}));
  EXPECT_EQ(describe(shapes.inputs.at("x")), "1x3x8x8 (N set to 1)");
}

std::string batch_error(const Model& model, const InputShapes& shapes, int64_t batch) {
  try {
    choose_sizes(model, shapes, accept_all, batch);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ChooseSizesTest, ABatchIsThatOfAllInputs) {
  const Model model =
      model_of({tensor("x", {symbol("N"), fixed(3), fixed(8), fixed(8)}),
                tensor("ids", {unknown()}, DataType::kInt64),
                tensor("time", {fixed(8), symbol("batch_size")}), tensor("scale", {fixed(1)})});
  const InputShapes sizes = choose_sizes(model, {}, accept_all, 4).sizes();
  EXPECT_EQ(sizes.at("x"), (std::vector<int64_t>{4, 3, 8, 8}));
  EXPECT_EQ(sizes.at("ids"), (std::vector<int64_t>{4}));
  EXPECT_EQ(sizes.at("time"), (std::vector<int64_t>{8, 4}));
  EXPECT_EQ(sizes.at("scale"), (std::vector<int64_t>{1}));
}

TEST(ChooseSizesTest, AFixedBatchCanBeNoOther) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3)})});
  EXPECT_EQ(batch_error(model, {}, 1), "");
  EXPECT_EQ(batch_error(model, {}, 4),
            "--batch=4 can't be run: the model fixes the batch of its inputs (x float32[1,3]); "
            "export it with an open first dimension");
}

TEST(ChooseSizesTest, AModelWithoutABatchHasNoneOfTwo) {
  const std::string none =
      "--batch=2 can't be run: no input of the model has a dimension that could be the batch";
  for (const Model& model : {model_of({}), model_of({tensor("seed", {})})}) {
    EXPECT_EQ(batch_error(model, {}, 2), none);
    EXPECT_EQ(batch_error(model, {}, 1), "");
  }
  Model sequence = model_of({tensor("x", {})});
  sequence.inputs[0].kind = ModelValue::Kind::kSequence;
  EXPECT_EQ(batch_error(sequence, {}, 2), none);
}

TEST(ChooseSizesTest, WithoutARankTheShapeGivenSaysTheBatch) {
  Model model = model_of({tensor("x", {}), tensor("scale", {})});
  model.inputs[0].dimensions.reset();
  EXPECT_EQ(batch_error(model, {{"x", {1, 3}}}, 1), "");
  EXPECT_EQ(batch_error(model, {{"x", {2, 3}}}, 2), "");
  EXPECT_EQ(batch_error(model, {{"x", {1, 3}}}, 2),
            "--batch=2 can't be run: the model fixes the batch of its inputs (x float32[...], "
            "scale float32[]); export it with an open first dimension");
}

TEST(ChooseSizesTest, ABatchAndAShapeMustAgree) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3)})});
  EXPECT_EQ(batch_error(model, {{"x", {4, 3}}}, 4), "");
  EXPECT_EQ(batch_error(model, {{"x", {2, 3}}}, 4),
            "--batch=4 contradicts the shapes given, whose batch is 2");
}

TEST(ChooseSizesTest, PicturesAreTriedUntilOneIsAccepted) {
  const Model model = model_of({tensor("x", {unknown(), unknown(), unknown(), fixed(3)})});
  int tries = 0;
  const ResolvedShapes shapes = choose_sizes(model, {}, [&](const InputShapes& sizes) {
    ++tries;
    return sizes.at("x")[1] == 416 ? std::nullopt : std::optional<std::string>("too small");
  });
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 416, 416, 3}));
  EXPECT_EQ(tries, 2);
}

TEST(ChooseSizesTest, OpenChannelsAreThreeOrOne) {
  const Model model = model_of({tensor("x", {unknown(), unknown(), unknown(), unknown()})});
  const ResolvedShapes shapes = choose_sizes(model, {}, [&](const InputShapes& sizes) {
    return sizes.at("x")[1] == 1 ? std::nullopt : std::optional<std::string>("one channel");
  });
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 1, 224, 224}));
}

TEST(ChooseSizesTest, OneSymbolIsOneSize) {
  const Model model =
      model_of({tensor("ids", {symbol("batch"), symbol("sequence")}, DataType::kInt64),
                tensor("mask", {symbol("batch"), symbol("sequence")}, DataType::kInt64)});
  EXPECT_EQ(choose_sizes(model, {}, accept_all).sizes().at("mask"), (std::vector<int64_t>{1, 128}));
  const ResolvedShapes given = choose_sizes(model, {{"ids", {2, 7}}}, accept_all);
  EXPECT_EQ(given.sizes().at("mask"), (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(given.inputs.at("mask")[1].source, SizeSource::kUser);
}

TEST(ChooseSizesTest, SumsOfSymbolsAreSummed) {
  const Model model =
      model_of({tensor("ids", {symbol("batch"), symbol("seq")}, DataType::kInt64),
                tensor("past", {symbol("batch"), fixed(12), symbol("past_seq"), fixed(64)}),
                tensor("mask", {symbol("batch"), symbol("past_seq + seq")}, DataType::kInt64)});
  const InputShapes shapes = choose_sizes(model, {}, accept_all).sizes();
  EXPECT_EQ(shapes.at("mask")[1], shapes.at("past")[2] + shapes.at("ids")[1]);
}

TEST(ChooseSizesTest, WhatDoesNotFitTheModelIsAUsageError) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3)})});
  EXPECT_NE(usage_error(model, {{"y", {1, 3}}}).find("no input 'y'; its inputs are x"),
            std::string::npos);
  EXPECT_NE(usage_error(model, {{"x", {1, 4}}}).find("does not fit"), std::string::npos);
  EXPECT_NE(usage_error(model, {{"x", {1}}}).find("does not fit"), std::string::npos);
  EXPECT_EQ(usage_error(model, {{"x", {5, 3}}}), "");
}

TEST(ChooseSizesTest, WithoutARankTheUserMustSay) {
  Model model = model_of({tensor("x", {})});
  model.inputs[0].dimensions.reset();
  EXPECT_THROW(choose_sizes(model, {}, accept_all), Error);
  EXPECT_EQ(choose_sizes(model, {{"x", {2, 2}}}, accept_all).sizes().at("x"),
            (std::vector<int64_t>{2, 2}));
}

TEST(ChooseSizesTest, NothingAcceptedNamesTheInputsAndTheReason) {
  const Model model = model_of({tensor("x", {fixed(1), fixed(3), symbol("height"), unknown()})});
  int tries = 0;
  try {
    choose_sizes(model, {}, [&](const InputShapes&) {
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

TEST(ChooseSizesTest, ShapesOfTheUserWinAgainstASymbol) {
  const Model model =
      model_of({tensor("a", {symbol("N"), fixed(4)}), tensor("b", {symbol("N"), fixed(4)}),
                tensor("c", {symbol("N"), fixed(4)})});
  const ResolvedShapes shapes = choose_sizes(model, {{"a", {1, 4}}, {"b", {3, 4}}}, accept_all);
  EXPECT_EQ(shapes.sizes().at("a"), (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(shapes.sizes().at("b"), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(shapes.notes, std::vector<std::string>{"The shapes given make the dimension \"N\" both "
                                                   "1 and 3, so its name is ignored."});
}

TEST(ChooseSizesTest, AQuestionMarkIsNoSymbol) {
  const Model model = model_of({tensor("x", {symbol("N"), fixed(3), symbol("?"), symbol("?")}),
                                tensor("scale", {symbol("?"), fixed(2)})});
  const ResolvedShapes shapes = choose_sizes(model, {{"x", {1, 3, 48, 192}}}, accept_all);
  EXPECT_EQ(shapes.sizes().at("x"), (std::vector<int64_t>{1, 3, 48, 192}));
  EXPECT_EQ(shapes.sizes().at("scale"), (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(shapes.notes.empty());
}

// A recurrent network that reads a time step of all sequences after the other.
Model time_first() {
  return model_of({tensor("x", {symbol("T"), symbol("N"), fixed(5)}),
                   tensor("h0", {fixed(1), symbol("N"), fixed(6)})});
}

TEST(ChooseSizesTest, TheBatchLeavesTimeAlone) {
  const InputShapes sizes = choose_sizes(time_first(), {}, accept_all, 4).sizes();
  EXPECT_EQ(sizes.at("x"), (std::vector<int64_t>{128, 4, 5}));
  EXPECT_EQ(sizes.at("h0"), (std::vector<int64_t>{1, 4, 6}));
  Model unnamed = time_first();
  (*unnamed.inputs[0].dimensions)[0].symbol = "";
  EXPECT_EQ(choose_sizes(unnamed, {}, accept_all, 4).sizes(), sizes);
}

// A decoder with a past, whose mask's length is called so.
InputShapes decoder(const std::string& mask, const Dimension& past, const InputShapes& given) {
  const Model model =
      model_of({tensor("input_ids", {symbol("batch"), symbol("seq")}, DataType::kInt64),
                tensor("attention_mask", {symbol("batch"), symbol(mask)}, DataType::kInt64),
                tensor("past_key_values.0.key", {symbol("batch"), fixed(2), past, fixed(8)})});
  return choose_sizes(model, given, accept_all).sizes();
}

TEST(ChooseSizesTest, AMaskCoversPastAndSequence) {
  for (const char* mask : {"attention_mask_sequence_length", "total_seq_len",
                           "total_sequence_length", "", "past_len + seq"}) {
    const std::vector<int64_t> all{1, 16 + 128};
    EXPECT_EQ(decoder(mask, symbol("past_len"), {}).at("attention_mask"), all) << mask;
  }
  for (const char* mask : {"attention_mask_sequence_length", "total_seq_len", ""}) {
    const std::vector<int64_t> all{1, 16 + 128};
    EXPECT_EQ(decoder(mask, fixed(16), {}).at("attention_mask"), all) << mask;
    EXPECT_EQ(decoder(mask, unknown(), {}).at("attention_mask"), all) << mask;
  }
}

TEST(ChooseSizesTest, APastThatIsGivenIsPartOfTheMask) {
  const InputShapes given{{"input_ids", {1, 1}}, {"past_key_values.0.key", {1, 2, 5, 8}}};
  EXPECT_EQ(decoder("total_seq_len", symbol("past_len"), given).at("attention_mask"),
            (std::vector<int64_t>{1, 6}));
  const InputShapes mask{{"attention_mask", {1, 6}}, {"past_key_values.0.key", {1, 2, 5, 8}}};
  EXPECT_EQ(decoder("total_seq_len", symbol("past_len"), mask).at("input_ids"),
            (std::vector<int64_t>{1, 1}));
}

TEST(ChooseSizesTest, ExpressionsHold) {
  const Model doubled = model_of(
      {tensor("sample", {symbol("2*s0"), fixed(4)}), tensor("step", {symbol("s0"), fixed(1)})});
  EXPECT_EQ(choose_sizes(doubled, {}, nullptr).sizes().at("sample")[0], 2);
  EXPECT_EQ(choose_sizes(doubled, {}, nullptr, 4).sizes().at("sample")[0], 8);
  EXPECT_EQ(choose_sizes(doubled, {{"sample", {6, 4}}}, nullptr).sizes().at("step")[0], 3);
  EXPECT_EQ(describe(choose_sizes(doubled, {{"sample", {6, 4}}}, nullptr).inputs.at("step")),
            "3x1 (s0 set to 3: 2*s0 = 6)");
  const Model shorter =
      model_of({tensor("ids", {symbol("s0")}, DataType::kInt64), tensor("x", {symbol("s0 - 1")})});
  const InputShapes sizes = choose_sizes(shorter, {}, accept_all).sizes();
  EXPECT_EQ(sizes.at("ids"), std::vector<int64_t>{128});
  EXPECT_EQ(sizes.at("x"), std::vector<int64_t>{127});
}

TEST(ChooseSizesTest, ABatchThatAnExpressionCanNotBeIsAUsageError) {
  const Model model = model_of({tensor("sample", {symbol("2*s0"), fixed(4)})});
  EXPECT_EQ(choose_sizes(model, {}, nullptr, 4).sizes().at("sample")[0], 4);
  EXPECT_EQ(batch_error(model, {}, 3),
            "--batch=3 does not fit the dimension \"2*s0\" of input 'sample'");
}

TEST(ChooseSizesTest, ShapesThatBreakAnExpressionAreNoted) {
  const Model model =
      model_of({tensor("x", {symbol("s0"), fixed(4)}), tensor("y", {symbol("2*s0"), fixed(4)})});
  const ResolvedShapes shapes = choose_sizes(model, {{"x", {3, 4}}, {"y", {5, 4}}}, nullptr);
  EXPECT_EQ(shapes.sizes().at("y"), (std::vector<int64_t>{5, 4}));
  EXPECT_EQ(shapes.notes,
            std::vector<std::string>{"The shapes given do not keep \"2*s0\" = 5 of input \"y\"."});
}

TEST(ChooseSizesTest, ANumberOfThingsIsAskedFor) {
  const Model model = model_of({tensor("positions", {symbol("num_atoms"), fixed(3)}),
                                tensor("numbers", {symbol("num_atoms")}, DataType::kInt64),
                                tensor("cell", {symbol("batch"), fixed(3)})});
  try {
    choose_sizes(model, {}, accept_all);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "nothing says how large the open dimensions of positions float32[num_atoms,3], "
                 "numbers int64[num_atoms] are; give them, for example --shape=positions=16,3 "
                 "--shape=numbers=16");
  }
  const InputShapes sizes = choose_sizes(model, {{"positions", {7, 3}}}, accept_all, 2).sizes();
  EXPECT_EQ(sizes.at("numbers"), std::vector<int64_t>{7});
  EXPECT_EQ(sizes.at("cell"), (std::vector<int64_t>{2, 3}));
}

TEST(ChooseSizesTest, AListWithANameOfItsOwnDoesNotFollowTheBatch) {
  const auto k_of = [](const std::string& name) {
    const Model model =
        model_of({tensor("x", {symbol("N"), fixed(8)}), tensor("k", {symbol(name)})});
    return choose_sizes(model, {}, accept_all, 4).sizes().at("k")[0];
  };
  EXPECT_EQ(k_of("k"), 1);
  EXPECT_EQ(k_of(""), 4);
  EXPECT_EQ(k_of("unk__7"), 4);
  EXPECT_EQ(k_of("N"), 4);
}

TEST(ChooseSizesTest, AListThatCanNotFollowTheBatchIsOneNumber) {
  const Model model = model_of({tensor("x", {unknown(), fixed(8)}), tensor("k", {unknown()})});
  const AcceptsShapes one = [](const InputShapes& sizes) {
    return sizes.at("k")[0] == 1 ? std::nullopt : std::optional<std::string>("k");
  };
  const ResolvedShapes shapes = choose_sizes(model, {}, one, 4);
  EXPECT_EQ(shapes.sizes().at("x")[0], 4);
  EXPECT_EQ(describe(shapes.inputs.at("k")), "1 (dimension 0 set to 1: one number)");
}

TEST(ChooseSizesTest, InputsWithoutNamesBelongToTheShapeThatIsGiven) {
  const auto ids = [](const std::string& name) {
    return tensor(name, {unknown(), unknown()}, DataType::kInt64);
  };
  const Model model = model_of({ids("input_ids"), ids("attention_mask"), ids("token_type_ids")});
  const ResolvedShapes shapes = choose_sizes(model, {{"input_ids", {2, 10}}}, accept_all);
  EXPECT_EQ(shapes.sizes().at("attention_mask"), (std::vector<int64_t>{2, 10}));
  EXPECT_EQ(describe(shapes.inputs.at("token_type_ids")),
            "2x10 (dimension 0 set to 2: as in input_ids, dimension 1 set to 10: as in input_ids)");
  // Unless the graph wants another size.
  const AcceptsShapes other = [](const InputShapes& sizes) {
    return sizes.at("attention_mask")[1] == 64 ? std::nullopt : std::optional<std::string>("no");
  };
  EXPECT_EQ(choose_sizes(model, {{"input_ids", {2, 10}}}, other).sizes().at("attention_mask"),
            (std::vector<int64_t>{1, 64}));
}

}  // namespace
}  // namespace dnnbench
