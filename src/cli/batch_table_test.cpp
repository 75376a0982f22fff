#include "cli/batch_table.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"

namespace dnnbench {
namespace {

Result measured(const std::string& backend, int64_t batch, double time_s) {
  Result result;
  result.candidate.backend = result.label = backend;
  result.candidate.batch = batch;
  result.measured.samples.assign(100, {0, 0, time_s});
  result.engine.verification.verdict = Verdict::kOk;
  return result;
}

Result failed(const std::string& backend, int64_t batch) {
  Result result = measured(backend, batch, 1);
  result.outcome = {OutcomeKind::kOutOfMemory, "no memory left"};
  result.measured.samples.clear();
  return result;
}

TEST(BatchTable, HasEveryBatchOfAnEngineTogether) {
  const std::string table = table_text(
      batch_table({measured("openvino", 1, 0.1), measured("tvm", 1, 0.2), failed("tvm", 16),
                   measured("openvino", 16, 0.8), measured("openvino", 4, 0.3)}),
      kUnlimitedWidth);
  EXPECT_EQ(table,
            "engine    batch  items/s  vs smallest batch  median     p90  p99  "
            "verdict\n"
            "openvino      1     10.0              1.00x  100 ms  100 ms    -\n"
            "openvino      4     13.3              1.33x  300 ms  300 ms    -\n"
            "openvino     16     20.0              2.00x  800 ms  800 ms    -  best\n"
            "tvm           1     5.00              1.00x  200 ms  200 ms    -  best\n"
            "tvm          16        -                  -       -       -    -  "
            "out_of_memory\n");
}

TEST(BatchTable, ABusyMachineOrNoOutputHasNoBest) {
  Result suspect = measured("tvm", 4, 0.1);
  suspect.measured.blocks = 10;
  suspect.measured.blocks_disturbed = 6;
  Result unverified = measured("tvm", 8, 0.1);
  unverified.engine.verification.verdict = Verdict::kUnverified;
  const std::string table =
      table_text(batch_table({failed("tvm", 1), suspect, unverified}), kUnlimitedWidth);
  EXPECT_EQ(table.find("best"), std::string::npos);
  EXPECT_NE(table.find("suspect"), std::string::npos);
  EXPECT_EQ(batch_sentence({failed("tvm", 1), suspect, unverified}),
            "No engine has a verified result for any batch measured on a quiet machine.");
}

TEST(BatchSentence, StatesTheTimeThatItsItemsTake) {
  EXPECT_EQ(
      batch_sentence({measured("tvm", 1, 0.2), measured("tvm", 8, 0.4)}),
      "tvm with batch 8 has the highest throughput: 20.0 items/s, 400 ms per "
      "batch, one batch at a time. Batches were measured one after the other, so small differences "
      "may be drift of the machine.");
}

// Two that left at different times, on a machine that became slower: of their own medians tvm's is
// shorter, but in the same blocks it took longer. Two inferences per measurement.
TEST(BatchTable, ComparesEnginesAsTheRankingDoes) {
  Result early = measured("tvm", 4, 0.0276), late = measured("openvino", 4, 0.031);
  for (Result* result : {&early, &late}) {
    result->number = 2;
    result->rank = Rank{};
  }
  early.rank->p50_s = 0.015;
  late.rank->p50_s = 0.0144;
  EXPECT_EQ(table_text(batch_table({early, late}), kUnlimitedWidth),
            "engine    batch  items/s  vs smallest batch   median      p90  p99  verdict\n"
            "openvino      4      278              1.00x  14.4 ms  14.4 ms    -  best\n"
            "tvm           4      267              1.00x  15.0 ms  15.0 ms    -  best\n");
  EXPECT_EQ(batch_sentence({early, late})
                .find("openvino with batch 4 has the highest throughput: 278 items/s, 14.4 ms per"),
            0U);
}

TEST(BatchTable, MakesNoClaimAboutASuspectBatch) {
  Result suspect = measured("tvm", 1, 0.1);
  suspect.measured.blocks = 10;
  suspect.measured.blocks_disturbed = 6;
  const std::vector<Result> results{suspect, measured("tvm", 4, 0.5), measured("tvm", 8, 0.8)};
  const std::string table = table_text(batch_table(results), kUnlimitedWidth);
  EXPECT_EQ(table.find("0.80x"), std::string::npos) << table;  // against the suspect one
  EXPECT_EQ(batch_sentence(results).find(
                "Of what was measured on a quiet machine, tvm with batch 8 has the highest"),
            0U);
}

}  // namespace
}  // namespace dnnbench
