#include "recurrent.h"

#include <gtest/gtest.h>

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

TEST(Recurrent, TakesTheDefaultsOfTheOperatorsOfThatName) {
  EXPECT_EQ(read_recurrent(node_of("LSTM", {"HardSigmoid", "Elu", "LeakyRelu"})).activations,
            (std::vector<Activation>{{"HardSigmoid", 0.2, 0.5}, {"Elu", 1}, {"LeakyRelu", 0.01}}));
}

TEST(Recurrent, RefusesDefaultsOnWhichOnnxAndOnnxRuntimeDisagree) {
  for (const char* function : {"ScaledTanh", "Affine", "ThresholdedRelu"}) {
    EXPECT_THROW(read_recurrent(node_of("RNN", {function})), Unsupported) << function;
  }
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
