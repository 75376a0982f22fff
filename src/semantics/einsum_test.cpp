#include "semantics/einsum.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

Einsum read(const std::string& equation, size_t inputs) {
  import::Node node;
  node.op = "Einsum";
  node.opset = 12;
  node.inputs.resize(inputs, "x");
  node.attributes["equation"].s = equation;
  return read_einsum(node);
}

std::string written(const std::string& equation, size_t inputs) {
  return read(equation, inputs).equation();
}

TEST(Einsum, NamesTheAxesOfOperandsAndOutput) {
  const Einsum einsum = read(" b...i j , j k -> b ... i k ", 2);
  ASSERT_EQ(einsum.operands.size(), 2U);
  EXPECT_EQ(einsum.operands[0].letters, "bij");
  EXPECT_EQ(einsum.operands[0].ellipsis, 1U);
  EXPECT_EQ(einsum.operands[1].letters, "jk");
  EXPECT_FALSE(einsum.operands[1].ellipsis);
  EXPECT_EQ(einsum.output.letters, "bik");
  EXPECT_EQ(einsum.output.ellipsis, 1U);
  EXPECT_EQ(einsum.equation(), "b...ij,jk->b...ik");
}

TEST(Einsum, WithoutAnOutputHasLettersThatOccurOnceInAlphabeticalOrder) {
  EXPECT_EQ(written("ij,jk", 2), "ij,jk->ik");
  EXPECT_EQ(written("ba", 1), "ba->ab");
  EXPECT_EQ(written("ii", 1), "ii->");
  EXPECT_EQ(written("b...a", 1), "b...a->...ab");
  EXPECT_EQ(written("bA", 1), "bA->Ab");  // as numpy.einsum, to which the specification refers
}

TEST(Einsum, MayHaveScalars) {
  EXPECT_EQ(written(",ij->ij", 2), ",ij->ij");
  EXPECT_EQ(written(",", 2), ",->");
  EXPECT_EQ(written("", 1), "->");
  EXPECT_EQ(written("ij->", 1), "ij->");
  EXPECT_EQ(written("ii->i", 1), "ii->i");
}

TEST(Einsum, LeavesOutAnEllipsisOfNoAxes) { EXPECT_EQ(written("ij->...ij", 1), "ij->ij"); }

// ONNX Runtime refuses each of these, too.
TEST(Einsum, RefusesWhatTheOperatorDoesNotAllow) {
  EXPECT_THROW(read("ij,jk->ik", 1), Unsupported);
  EXPECT_THROW(read("ij->ij", 2), Unsupported);
  EXPECT_THROW(read("ij->ik", 1), Unsupported);
  EXPECT_THROW(read("ij->ii", 1), Unsupported);
  EXPECT_THROW(read("i1->i", 1), Unsupported);
  EXPECT_THROW(read("i..j->ij", 1), Unsupported);
  EXPECT_THROW(read("...i...->i", 1), Unsupported);
  EXPECT_THROW(read("...ij->ij", 1), Unsupported);
  EXPECT_THROW(read("ij->ij->", 1), Unsupported);
}

TEST(Einsum, OfAPairKeepsWhatIsStillNeeded) {
  const Einsum einsum = read("...ij,jk,kl->...l", 3);
  EXPECT_EQ(pair_output(einsum.operands[0], einsum.operands[1], {einsum.operands[2], einsum.output})
                .text(),
            "...k");
  EXPECT_EQ(pair_output(einsum.operands[1], einsum.operands[2], {einsum.output}).text(), "l");
}

}  // namespace
}  // namespace dnnbench::semantics
