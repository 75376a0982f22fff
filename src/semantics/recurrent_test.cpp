#include "recurrent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

import::Node node_of(const std::string& op, std::vector<std::string> activations = {}) {
  import::Node node;
  node.op = op;
  if (!activations.empty()) node.attributes["activations"].strings = std::move(activations);
  return node;
}

TEST(Recurrent, HasTheOperatorsUsualActivations) {
  const Recurrent lstm = read_recurrent(node_of("LSTM"));
  EXPECT_EQ(lstm.gates, 4);
  EXPECT_TRUE(lstm.has_cell());
  EXPECT_TRUE(lstm.has_usual_activations);
  EXPECT_EQ(lstm.activations, (std::vector<Activation>{{"Sigmoid"}, {"Tanh"}, {"Tanh"}}));
  EXPECT_EQ(read_recurrent(node_of("GRU")).activations.size(), 2U);
  EXPECT_EQ(read_recurrent(node_of("RNN")).activations, std::vector<Activation>{{"Tanh"}});
}

TEST(Recurrent, GivesEachDirectionItsActivations) {
  import::Node node = node_of("RNN", {"Relu", "Tanh"});
  node.attributes["direction"].s = "bidirectional";
  const Recurrent both = read_recurrent(node);
  EXPECT_FALSE(both.goes_backwards(0));
  EXPECT_TRUE(both.goes_backwards(1));
  EXPECT_EQ(both.activations_of(0), std::vector<Activation>{{"Relu"}});
  EXPECT_EQ(both.activations_of(1), std::vector<Activation>{{"Tanh"}});
  EXPECT_FALSE(both.has_usual_activations);
}

TEST(Recurrent, TakesTheFirstOfTwoActivationsThatOnnxNamesByDefaultForOneDirection) {
  const Recurrent rnn = read_recurrent(node_of("RNN", {"Tanh", "Relu"}));
  EXPECT_TRUE(rnn.has_usual_activations);
  EXPECT_EQ(rnn.activations, std::vector<Activation>{{"Tanh"}});
  EXPECT_THROW(read_recurrent(node_of("RNN", {"Tanh", "Tanh", "Tanh"})), Unsupported);
  EXPECT_THROW(read_recurrent(node_of("GRU", {"Sigmoid", "Tanh", "Tanh"})), Unsupported);
}

TEST(Recurrent, MatchesActivationsWithoutCase) {
  const Recurrent gru = read_recurrent(node_of("GRU", {"sigmoid", "TANH"}));
  EXPECT_TRUE(gru.has_usual_activations);
  EXPECT_EQ(gru.activations, (std::vector<Activation>{{"Sigmoid"}, {"Tanh"}}));
}

TEST(Recurrent, TakesParametersInTurnForTheFunctionsThatHaveThem) {
  import::Node node = node_of("LSTM", {"HardSigmoid", "Tanh", "LeakyRelu"});
  node.attributes["activation_alpha"].floats = {0.3, 0.1};
  node.attributes["activation_beta"].floats = {0.4};
  EXPECT_EQ(read_recurrent(node).activations,
            (std::vector<Activation>{{"HardSigmoid", 0.3, 0.4}, {"Tanh"}, {"LeakyRelu", 0.1}}));
}

// The table that engines/tvm/compiler/recurrent_test.py reads, too: alpha and beta; null where ONNX
// and ONNX Runtime disagree.
TEST(Recurrent, HasOneTableOfDefaultsWithTvm) {
  std::ifstream file(DNNBENCH_REPOSITORY "/tests/recurrent_activations.json");
  const nlohmann::json table = nlohmann::json::parse(file);
  ASSERT_FALSE(table.empty());
  for (const auto& [function, defaults] : table.items()) {
    const import::Node node = node_of("RNN", {function});
    const auto is_null = [](const nlohmann::json& value) { return value.is_null(); };
    if (std::any_of(defaults.begin(), defaults.end(), is_null)) {
      EXPECT_THROW(read_recurrent(node), Unsupported) << function;
      continue;
    }
    const double alpha = defaults.empty() ? 0 : defaults[0].get<double>();
    const double beta = defaults.size() < 2 ? 0 : defaults[1].get<double>();
    EXPECT_EQ(read_recurrent(node).activations, (std::vector<Activation>{{function, alpha, beta}}));
  }
}

TEST(Recurrent, TakesGivenParametersWhereThereIsNoDefault) {
  import::Node node = node_of("RNN", {"ScaledTanh"});
  node.attributes["activation_alpha"].floats = {1.7};
  node.attributes["activation_beta"].floats = {0.6};
  EXPECT_EQ(read_recurrent(node).activations, (std::vector<Activation>{{"ScaledTanh", 1.7, 0.6}}));
}

TEST(Recurrent, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(read_recurrent(node_of("RNN", {"Swish"})), Unsupported);
  EXPECT_THROW(read_recurrent(node_of("LSTM", {"Sigmoid", "Tanh"})), Unsupported);
  import::Node node = node_of("RNN");
  node.attributes["direction"].s = "sideways";
  EXPECT_THROW(read_recurrent(node), Unsupported);
}

}  // namespace
}  // namespace dnnbench::semantics
