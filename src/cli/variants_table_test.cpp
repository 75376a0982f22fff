#include "cli/variants_table.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"
#include "results/result.h"

namespace dnnbench {
namespace {

Result result_of(const std::string& precision, double time_s, std::optional<bool> accepted) {
  Result result;
  result.label = "openvino, " + precision;
  result.candidate.backend = "openvino";
  result.candidate.precision = precision;
  result.environment.isa = {"avx512_vnni"};
  result.engine.verification.verdict = Verdict::kOk;
  result.engine.load.in_force = InForce{precision, 1, {}, {}};
  result.measured.samples.assign(20, {0, 0, time_s});
  result.measured.blocks = 20;
  result.acceptance = Acceptance{accepted, accepted == false ? "too wrong" : "", {}};
  if (precision == "f32") return result;
  result.engine.accuracy = Accuracy{4, true, 0.01, 0.03, 0.9999, 1.0, {}};
  result.to_f32 = Ratio{0.5, {0.48, 0.52}, Relation::kFaster};
  return result;
}

Result int8(double time_s, std::optional<bool> accepted) {
  Result result = result_of("int8", time_s, accepted);
  result.variant = VariantFacts{};
  result.variant->make_s = 1.5;
  result.variant->size_bytes = 4'000'000;
  result.variant->calibration = "samples";
  return result;
}

Result ranked(Result result, bool is_best) {
  result.rank = Rank{};
  result.rank->is_best = is_best;
  return result;
}

TEST(VariantsTable, HasARowPerVariant) {
  const std::vector<Result> results{result_of("f32", 0.02, true), result_of("bf16", 0.01, true),
                                    int8(0.01, false)};
  EXPECT_EQ(
      table_text(variants_table(results), kUnlimitedWidth),
      R"(variant         time vs f32         error (median)  error (max)  cosine  top-1 agreement  drop     size  made in  in force  accepted
openvino, bf16  0.50x [0.48, 0.52]            0.01         0.03  0.9999           100.0%  -           -        -  bf16      yes
openvino, int8  0.50x [0.48, 0.52]            0.01         0.03  0.9999           100.0%  -     4.00 MB   1.50 s  int8      no
)");
  EXPECT_EQ(variants_notes(results), "openvino, int8: not accepted: too wrong\n");
  EXPECT_EQ(table_text(variants_table(results), 60),
            R"(variant         time vs f32         error (max)  accepted
openvino, bf16  0.50x [0.48, 0.52]         0.03  yes
openvino, int8  0.50x [0.48, 0.52]         0.03  no
Not shown: made in, cosine, in force, size, top-1 agreement,
error (median), drop; --wide shows all.
)");
}

TEST(VariantsTable, SaysWhyInt8IsSlow) {
  Result slow = int8(0.03, true);
  slow.to_f32 = Ratio{1.5, {1.4, 1.6}, Relation::kSlower};
  slow.environment.isa = {"avx2"};
  slow.engine.load.in_force->settings = {{"node_precisions", "int8 3, f32 50"},
                                         {"operators", "Softmax 12"}};
  EXPECT_NE(
      variants_notes({slow}).find(
          "openvino, int8: slower than f32 here; this CPU has no int8 dot-product instructions; "
          "it computes its nodes in: int8 3, f32 50; left in f32: Softmax 12\n"),
      std::string::npos);
}

TEST(VariantsTable, MarksErrorsOnGeneratedInputs) {
  Result generated = int8(0.01, false);
  generated.engine.accuracy->given = false;
  generated.variant->calibration = "generated";
  const std::string table = table_text(variants_table({generated}), kUnlimitedWidth);
  EXPECT_NE(table.find("0.01*"), std::string::npos);
  EXPECT_NE(table.find("uncalibrated"), std::string::npos);
  EXPECT_NE(variants_notes({generated}).find("*: on generated inputs"), std::string::npos);
}

TEST(VariantsSentence, NamesTheFastestThatIsAccepted) {
  Result f32 = ranked(result_of("f32", 0.02, true), false);
  f32.rank->to_best = Ratio{2, {1.9, 2.1}, Relation::kSlower};
  const Result bf16 = ranked(result_of("bf16", 0.01, true), true);
  EXPECT_EQ(
      variants_sentence({f32, bf16, int8(0.005, false)}),
      "openvino, bf16 is good enough; in f32 openvino, f32 takes 2.00x [1.90, 2.10] as long.");
  f32.rank->to_best.relation = Relation::kUndecided;
  EXPECT_EQ(variants_sentence({f32, bf16}),
            "openvino, bf16 is good enough, but not known to be faster than openvino, f32.");
  EXPECT_EQ(variants_sentence({ranked(result_of("f32", 0.02, true), true), int8(0.005, false)}),
            "No variant is accepted, so f32 it is.");
}

TEST(VariantsSentence, StatesTheTradeOffWithoutABound) {
  EXPECT_EQ(
      variants_sentence(
          {ranked(result_of("f32", 0.02, true), true), ranked(int8(0.01, std::nullopt), true)}),
      "The fastest variant, openvino, int8, takes 0.50 times f32's time on the same engine, at "
      "an error of 0.01 (median); say with --max-error or --max-drop what is good enough.");
  // It left before the machine became slower: in the same blocks the other one is faster.
  Result early = ranked(int8(0.009, std::nullopt), false);
  early.rank->p50_s = 0.012;
  early.label = "tvm, int8";
  EXPECT_EQ(variants_sentence({early, ranked(int8(0.01, std::nullopt), true)})
                .find("The fastest variant, openvino, int8, takes"),
            0U);
}

}  // namespace
}  // namespace dnnbench
