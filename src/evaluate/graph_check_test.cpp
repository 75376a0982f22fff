#include "evaluate/graph_check.h"

#include <gtest/gtest.h>

#include <limits>

namespace dnnbench::evaluate {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

Tensor floats(std::vector<int64_t> shape, const std::vector<double>& values) {
  Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
  from_doubles(values, tensor);
  return tensor;
}

// 1, 2, 3, ... over 100
Tensor rising(std::vector<int64_t> shape) {
  Tensor tensor = make_tensor(DataType::kFloat32, std::move(shape));
  const auto elements = tensor.as<float>();
  for (size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<float>(i + 1) / 100;
  return tensor;
}

import::Node node(const std::string& op, std::vector<std::string> inputs,
                  std::vector<std::string> outputs, int64_t opset = 17) {
  import::Node made;
  made.op = op;
  made.opset = opset;
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  return made;
}

// x [1, 2, 4, 4] -> Conv (weights [3, 2, 3, 3]) -> c -> Relu -> r -> Hardmax -> y
class GraphCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    graph_.constants["w"] = import::make_constant(rising({3, 2, 3, 3}));
    graph_.nodes = {node("Conv", {"x", "w"}, {"c"}), node("Relu", {"c"}, {"r"}),
                    node("Hardmax", {"r"}, {"y"})};
    inputs_ = {make_value("x", rising({1, 2, 4, 4}))};
    convolve();
    relu_ = convolved_;
  }

  // By hand, in floats.
  void convolve() {
    convolved_ = make_tensor(DataType::kFloat32, {1, 3, 2, 2});
    const Tensor weights = graph_.constants.at("w").tensor();
    const auto w = weights.as<float>();
    const auto x = inputs_[0].tensor().as<float>();
    const auto c = convolved_.as<float>();
    for (size_t m = 0; m < 3; ++m) {
      for (size_t at = 0; at < 4; ++at) {
        for (size_t k = 0; k < 18; ++k) {
          const size_t channel = k / 9, row = at / 2 + k / 3 % 3, column = at % 2 + k % 3;
          c[m * 4 + at] += x[channel * 16 + row * 4 + column] * w[m * 18 + k];
        }
      }
    }
  }

  SecondOpinion check(int64_t max_elements = kAll) {
    GraphCheck check(graph_, inputs_);
    const std::map<std::string, const Tensor*> values{{"c", &convolved_}, {"r", &relu_}};
    for (const size_t index : check.nodes()) check.check(index, values, max_elements, kAll, 7);
    return check.opinion();
  }

  import::Graph graph_;
  std::vector<Value> inputs_;
  Tensor convolved_, relu_;
};

TEST_F(GraphCheckTest, FindsEveryNodeRightAndNamesWhatItCantCheck) {
  const SecondOpinion opinion = check();
  EXPECT_EQ(opinion.reference, ReferenceState::kRight) << opinion.reason;
  EXPECT_EQ(opinion.nodes, 3);
  EXPECT_EQ(opinion.nodes_checked, 2);
  EXPECT_EQ(opinion.elements, 24);
  EXPECT_EQ(opinion.elements_checked, 24);
  EXPECT_EQ(opinion.unchecked_operators, std::vector<std::string>{"Hardmax"});
}

TEST_F(GraphCheckTest, FindsOneWrongElementAndSaysWhere) {
  relu_.as<float>()[6] += 1e-4F * relu_.as<float>()[6];
  const SecondOpinion opinion = check();
  EXPECT_EQ(opinion.reference, ReferenceState::kWrong);
  EXPECT_EQ(opinion.reason.rfind("at Relu (opset 17), node \"r\", element [0, 1, 1, 0] is ", 0), 0U)
      << opinion.reason;
}

TEST_F(GraphCheckTest, BlamesTheNodeAndNotThoseThatFollow) {
  convolved_.as<float>()[0] += 0.1F;
  relu_ = convolved_;
  EXPECT_NE(check().reason.find("at Conv (opset 17), node \"c\""), std::string::npos);
}

TEST_F(GraphCheckTest, FindsAWrongShapeAndAWrongNan) {
  relu_.shape = {1, 3, 4, 1};
  EXPECT_NE(check().reason.find("its shape is [1, 3, 4, 1] where [1, 3, 2, 2] is right"),
            std::string::npos);
  relu_ = convolved_;
  relu_.as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(check().reference, ReferenceState::kWrong);
}

TEST_F(GraphCheckTest, ASampleHasSoManyElementsOfEachOutput) {
  const SecondOpinion opinion = check(5);
  EXPECT_EQ(opinion.elements_checked, 10);
  EXPECT_EQ(opinion.elements, 24);
}

TEST_F(GraphCheckTest, ValuesThatCantBeAreNoCrash) {
  convolved_.bytes.resize(3);
  SecondOpinion opinion = check();
  EXPECT_EQ(opinion.reference, ReferenceState::kUnknown);
  EXPECT_FALSE(opinion.reason.empty());
  inputs_[0].tensor().shape = {32};
  opinion = check();
  EXPECT_EQ(opinion.reference, ReferenceState::kUnknown);
}

// Each within rounding, and then with one element off.
TEST(Formulas, FollowTheDefinitions) {
  struct Case {
    import::Node node;
    std::vector<Tensor> inputs;
    Tensor right;
  };
  const Tensor x = floats({2, 3}, {-1, 0, 1, 2, 3, 4});
  std::vector<Case> cases = {
      {node("Softmax", {"0"}, {"y"}),
       {floats({1, 3}, {0, 0.693147180559945, 1.09861228866811})},
       floats({1, 3}, {1.0 / 6, 2.0 / 6, 3.0 / 6})},
      {node("MatMul", {"0", "1"}, {"y"}), {x, floats({3}, {1, 10, 100})}, floats({2}, {99, 432})},
      {node("Concat", {"0", "1"}, {"y"}),
       {x, floats({2, 1}, {7, 8})},
       floats({2, 4}, {-1, 0, 1, 7, 2, 3, 4, 8})},
      {node("Transpose", {"0"}, {"y"}), {x}, floats({3, 2}, {-1, 2, 0, 3, 1, 4})},
      {node("ReduceMean", {"0"}, {"y"}), {x}, floats({1, 1}, {1.5})},
      {node("Max", {"0", "1"}, {"y"}),
       {x, floats({1}, {2.5})},
       floats({2, 3}, {2.5, 2.5, 2.5, 2.5, 3, 4})},
  };
  cases[2].node.attributes["axis"].i = 1;
  for (Case& one : cases) {
    import::Graph graph;
    graph.nodes = {one.node};
    std::vector<Value> inputs;
    for (size_t i = 0; i < one.inputs.size(); ++i) {
      inputs.push_back(make_value(std::to_string(i), one.inputs[i]));
    }
    const auto judge = [&](const Tensor& y) {
      GraphCheck check(graph, inputs);
      check.check(0, {{"y", &y}}, kAll, kAll, 0);
      return check.opinion();
    };
    EXPECT_EQ(judge(one.right).reference, ReferenceState::kRight)
        << one.node.op << judge(one.right).reason;
    Tensor wrong = one.right;
    wrong.as<float>().back() *= 1.001F;
    EXPECT_EQ(judge(wrong).reference, ReferenceState::kWrong) << one.node.op;
  }
}

}  // namespace
}  // namespace dnnbench::evaluate
