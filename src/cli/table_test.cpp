#include "cli/table.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"

namespace dnnbench {
namespace {

// As a pipe gets it.
std::string results_text(const std::vector<Result>& results) {
  return table_text(results_table(results), kUnlimitedWidth) + results_notes(results);
}

Result result_of(const std::string& backend, double latency_s) {
  Result result;
  result.model.path = "/models/resnet50-v1-7.onnx";
  result.instance = "c5a.4xlarge";
  result.model.input_shapes = {{"data", {1, 3, 224, 224}}};
  result.threads = 2;
  result.candidate.precision = "f32";
  result.candidate.backend = result.label = backend;
  result.engine.load.engine_version = "1.2.3";
  result.engine.load.load_s = 0.25;
  result.engine.load.first_run_s = 2 * latency_s;
  result.engine.load.in_force = InForce{"f32", 2, {}, {}};
  result.engine.peak_rss_bytes = 312'000'000;
  result.engine.verification.verdict = Verdict::kOk;
  result.engine.verification.max_rel_error = 2e-6;
  result.measured.samples.assign(100, {0, 0, latency_s});
  result.measured.inferences = 100;
  result.measured.cpu_s = 200 * latency_s;
  result.measured.blocks = 20;
  return result;
}

Result failed(const std::string& backend, OutcomeKind kind, const std::string& reason) {
  Result result = result_of(backend, 0.001);
  result.outcome = {kind, reason};
  result.measured.samples.clear();
  result.engine = {};
  result.engine.verification = {Verdict::kUnverified, "the engine did not get so far"};
  return result;
}

Result disturbed(const std::string& backend, double latency_s) {
  Result result = result_of(backend, latency_s);
  result.measured.blocks_disturbed = 15;
  result.measured.disturbance = "other programs used 0.80 cores";
  return result;
}

Result best(const std::string& backend, double latency_s) {
  Result result = result_of(backend, latency_s);
  result.rank = Rank{};
  result.rank->confidence = 0.99;
  result.rank->engines = 3;
  result.rank->is_best = result.rank->decided = true;
  result.rank->probability = 0.9945;
  return result;
}

// Part of what was asked for is not known.
void leave_open(Result& result) {
  result.rank->decided = false;
  result.rank->probability = 0.7;
}

Result placed(const std::string& backend, double latency_s, const Ratio& to_best) {
  Result result = result_of(backend, latency_s);
  result.rank = best(backend, latency_s).rank;
  result.rank->place = to_best.relation == Relation::kSlower ? 2 : 1;
  result.rank->is_best = false;
  result.rank->to_best = to_best;
  return result;
}

Result unverified(const std::string& backend, double latency_s) {
  Result result = result_of(backend, latency_s);
  result.engine.verification = {Verdict::kUnverified, "the model draws random numbers"};
  return result;
}

TEST(Heading, SaysWhatWasMeasured) {
  EXPECT_EQ(heading({result_of("tvm", 0.1)}),
            "resnet50-v1-7 on c5a.4xlarge: 2 threads, f32, inputs data[1,3,224,224]");
  Result one = result_of("tvm", 0.1);
  one.threads = 1;
  one.model.input_shapes = {{"a\n\x1b[2J", {}}, {"b", {2}}};
  EXPECT_EQ(heading({one}), "resnet50-v1-7 on c5a.4xlarge: 1 thread, f32, inputs a  [2J[] b[2]");
  one.model.path = "/models/a\n\x1b[2Jb.onnx";
  one.model.input_shapes.clear();
  EXPECT_EQ(heading({one}), "a  [2Jb on c5a.4xlarge: 1 thread, f32");
}

const Ratio kSlower{1.25, {1.24, 1.27}, Relation::kSlower};
const Ratio kSame{1.002, {0.998, 1.004}, Relation::kTie};
const Ratio kOpen{1.02, {0.98, 1.06}, Relation::kUndecided};

TEST(ResultsTable, RanksTheVerifiedOnesAndGivesReasonsForTheOthers) {
  const std::vector<Result> results{
      failed("tf", OutcomeKind::kUnsupported, "operator Foo\n(opset 1)"),
      placed("onnxruntime", 0.04, kSlower), unverified("tvm", 0.01), best("openvino", 0.032)};
  EXPECT_EQ(results_text(results), R"(
engine       version   median      p90  p99  inferences/s  relative time       CPU time  load time  memory  precision  error  verdict
openvino     1.2.3    32.0 ms  32.0 ms    -          31.2  1.00x                64.0 ms     250 ms  312 MB  f32        2e-06  ok
onnxruntime  1.2.3    40.0 ms  40.0 ms    -          25.0  1.25x [1.24, 1.27]   80.0 ms     250 ms  312 MB  f32        2e-06  ok
tf           -              -        -    -             -  -                          -          -       -  -              -  unsupported
tvm          1.2.3    10.0 ms  10.0 ms    -           100  -                    20.0 ms     250 ms  312 MB  f32            -  unverified
tf: unsupported: operator Foo (opset 1)
tvm: unverified: the model draws random numbers
)" + 1);
}

TEST(ResultsTable, SaysWhatIsATieAndWhatIsOpen) {
  const std::string table = results_text(
      {best("openvino", 0.032), placed("onnxruntime", 0.032, kSame), placed("tvm", 0.033, kOpen),
       placed("tf", 0.05, {1.5, median_interval({}, 0.01), Relation::kUndecided})});
  EXPECT_NE(table.find("  tie  "), std::string::npos) << table;
  EXPECT_NE(table.find("  1.02x [0.98, 1.06]  "), std::string::npos) << table;
  EXPECT_NE(table.find("  1.50x [?]  "), std::string::npos) << table;
}

TEST(ResultsNotes, SayOnceWhatIsTheSameForSeveral) {
  EXPECT_EQ(results_notes({disturbed("openvino", 0.032), disturbed("onnxruntime", 0.04)}),
            "openvino; onnxruntime: suspect: 15 of 20 blocks were disturbed: other programs used "
            "0.80 cores\n");
}

TEST(ResultsTable, GivesNoRankToWhatABusyMachineDisturbed) {
  const std::vector<Result> results{disturbed("openvino", 0.032), best("onnxruntime", 0.04)};
  EXPECT_EQ(results_text(results), R"(
engine       version   median      p90  p99  inferences/s  relative time  CPU time  load time  memory  precision  error  verdict
onnxruntime  1.2.3    40.0 ms  40.0 ms    -          25.0  1.00x           80.0 ms     250 ms  312 MB  f32        2e-06  ok
openvino     1.2.3    32.0 ms  32.0 ms    -          31.2  -               64.0 ms     250 ms  312 MB  f32        2e-06  suspect
openvino: suspect: 15 of 20 blocks were disturbed: other programs used 0.80 cores
)" + 1);
  EXPECT_EQ(closing_sentence(results),
            "onnxruntime alone could be ranked: 40.0 ms per inference; outputs agree within 2e-06; "
            "the machine was busy, so openvino has no rank: run again when nothing else is "
            "running.");
  EXPECT_EQ(closing_sentence({results[0]}),
            "The machine was busy: 15 of 20 blocks were disturbed: other programs used 0.80 cores. "
            "There is no ranking; run again when nothing else is running.");
}

// They left while something else ran; the others went on.
TEST(ClosingSentence, RanksWhomABusyMachineDidNotDisturb) {
  EXPECT_EQ(closing_sentence({placed("onnxruntime", 0.04, kSlower), best("openvino", 0.032),
                              disturbed("tvm", 0.1), disturbed("tf", 0.1)}),
            "openvino is fastest: onnxruntime takes 1.25 times as long (confidence >= 99.45 %); "
            "outputs agree within 2e-06; the machine was busy, so tvm and tf have no rank: run "
            "again when nothing else is running.");
}

TEST(ResultsTable, AnEngineThatCouldNotTakeTurnsHasNoRank) {
  const std::vector<Result> results{best("openvino", 0.032), result_of("onnxruntime", 0.01)};
  const std::string table = results_text(results);
  EXPECT_NE(table.find("\nonnxruntime: ok: measured alone, because there was not enough memory to "
                       "load it beside the others\n"),
            std::string::npos)
      << table;
  EXPECT_EQ(closing_sentence(results),
            "openvino alone could be ranked: 32.0 ms per inference; outputs agree within 2e-06.");
}

TEST(ClosingSentence, NamesAllThatTieWithTheBest) {
  EXPECT_EQ(closing_sentence({placed("tvm", 0.1001, kSame), best("openvino", 0.1)}),
            "openvino and tvm are equally fast, within 1 % (confidence >= 99.45 %); outputs agree "
            "within 2e-06.");
  EXPECT_EQ(closing_sentence({placed("tvm", 0.1001, kSame), best("openvino", 0.1),
                              placed("tf", 0.1002, kSame), placed("onnxruntime", 0.2, kSlower)}),
            "openvino, tvm and tf are equally fast, within 1 % (confidence >= 99.45 %); "
            "outputs agree within 2e-06.");
}

TEST(ClosingSentence, ComparesTheBestWithTheNext) {
  EXPECT_EQ(
      closing_sentence({placed("onnxruntime", 0.04, kSlower), best("openvino", 0.032),
                        unverified("tvm", 0.001)}),
      "openvino is fastest: onnxruntime takes 1.25 times as long (confidence >= 99.45 %); outputs "
      "agree within 2e-06.");
}

TEST(ClosingSentence, SaysWhatIsNotDecided) {
  Result first = best("openvino", 0.032), second = placed("onnxruntime", 0.0325, kOpen);
  leave_open(first);
  leave_open(second);
  EXPECT_EQ(closing_sentence({first, second}),
            "openvino or onnxruntime is fastest, with no winner yet at 99 % confidence; a longer "
            "--budget may decide it; outputs agree within 2e-06.");
  Result behind = placed("tf", 0.04, kSlower), wide = placed("pytorch", 0.05, kOpen);
  EXPECT_EQ(closing_sentence({first, second, behind, wide}),
            "openvino, onnxruntime or pytorch is fastest, with no winner yet at 99 % confidence; a "
            "longer --budget may decide it; outputs agree within 2e-06.");
  first.rank->order = Order::kAll;
  EXPECT_EQ(
      closing_sentence({first, behind, wide}),
      "openvino or pytorch is fastest, with no winner yet at 99 % confidence; part of the order "
      "is undecided, a longer --budget may decide it; outputs agree within 2e-06.");
}

// No budget ends such a run later.
TEST(ClosingSentence, ProposesMoreMeasurementsWhereTheyAreCounted) {
  Result first = best("openvino", 0.032), second = placed("onnxruntime", 0.0325, kOpen);
  for (Result* result : {&first, &second}) {
    leave_open(*result);
    result->repeat = 40;
  }
  const std::string sentence = closing_sentence({first, second});
  EXPECT_NE(sentence.find("; a larger --repeat may decide it;"), std::string::npos) << sentence;
}

TEST(ClosingSentence, SaysHowNearTheFirstAre) {
  const Ratio near{1.01, {0.985, 1.024}, Relation::kUndecided};
  EXPECT_EQ(
      closing_sentence({best("openvino", 0.032), placed("onnxruntime", 0.0325, near),
                        placed("tf", 0.04, kSlower)}),
      "openvino and onnxruntime are the fastest, within 3 % of each other (confidence >= 99.45 "
      "%); outputs agree within 2e-06.");
  // As near as --precision-target asked for, if not within 3 %.
  const Ratio asked{1.05, {1.005, 1.09}, Relation::kUndecided};
  EXPECT_EQ(
      closing_sentence({best("openvino", 0.032), placed("onnxruntime", 0.0336, asked)}),
      "openvino and onnxruntime are the fastest, within 9 % of each other (confidence >= 99.45 "
      "%); outputs agree within 2e-06.");
  // Near to the best, but not known of each other.
  Result first = best("openvino", 0.032), other = placed("tf", 0.032, near);
  leave_open(first);
  EXPECT_EQ(
      closing_sentence({first, placed("onnxruntime", 0.0325, near), other}),
      "openvino, onnxruntime and tf are the fastest, within 3 % of openvino; a longer --budget "
      "may decide it; outputs agree within 2e-06.");
}

// Of the best it is not known, but of another one that is slower than the best, or may be.
TEST(ClosingSentence, WhoIsKnownToBeSlowerThanAnyIsNotAmongTheFastest) {
  Result first = best("openvino", 0.032), behind = placed("tf", 0.033, kOpen);
  behind.rank->place = 2;
  EXPECT_EQ(closing_sentence({first, placed("tvm", 0.032, kSame), behind}),
            "openvino and tvm are equally fast, within 1 % (confidence >= 99.45 %); outputs agree "
            "within 2e-06.");
  leave_open(first);
  EXPECT_EQ(closing_sentence({first, placed("tvm", 0.04, kSlower), behind}),
            "openvino is fastest: tf takes 1.02 times as long; part of the order is undecided, a "
            "longer --budget may decide it; outputs agree within 2e-06.");
}

TEST(ClosingSentence, OfOneEngineOnly) {
  Result exact = best("openvino", 0.032);
  exact.engine.verification.max_rel_error = 0;
  EXPECT_EQ(closing_sentence({exact, failed("tf", OutcomeKind::kCrashed, "SIGSEGV")}),
            "openvino is the only engine with a verified result: 32.0 ms per inference; outputs "
            "agree exactly.");
  exact.engine.verification.max_rel_error.reset();
  EXPECT_EQ(closing_sentence({exact}),
            "openvino is the only engine with a verified result: 32.0 ms per inference.");
  exact.engine.verification.differing_elements = 3;
  EXPECT_EQ(closing_sentence({exact}),
            "openvino is the only engine with a verified result: 32.0 ms per inference; outputs "
            "agree exactly but for 3 elements.");
}

TEST(ErrorCell, CountsElementsThatDiffer) {
  Verification verification;
  EXPECT_EQ(error_cell(verification).text, "-");
  verification.differing_elements = 0;
  EXPECT_EQ(error_cell(verification).text, "-");
  verification.differing_elements = 3;
  EXPECT_EQ(error_cell(verification).text, "3 differ");
  verification.max_rel_error = 2e-6;
  EXPECT_EQ(error_cell(verification).text, "2e-06, 3 differ");
}

Result in_precision(Result result, const std::string& precision) {
  result.candidate.precision = precision;
  result.label += ", " + precision;
  return result;
}

// The error of int8 is that from what the int8 model should compute, not from f32.
TEST(ClosingSentence, SaysNothingOfAgreementBetweenFormsOfDifferentReferences) {
  const Result f32 = placed("openvino", 0.04, kSlower);
  const Result int8 = in_precision(best("openvino", 0.032), "int8");
  EXPECT_EQ(closing_sentence({f32, int8}),
            "openvino, int8 is fastest: openvino takes 1.25 times as long (confidence >= 99.45 "
            "%).");
  const Result bf16 = in_precision(best("openvino", 0.032), "bf16");
  EXPECT_NE(closing_sentence({f32, bf16}).find("outputs agree within 2e-06"), std::string::npos);
  const Result other = in_precision(placed("onnxruntime", 0.04, kSlower), "int8");
  EXPECT_NE(closing_sentence({int8, other}).find("outputs agree within 2e-06"), std::string::npos);
}

TEST(ClosingSentence, OfVariantsOfWhichNoneIsAccepted) {
  Result int8 = in_precision(result_of("openvino", 0.032), "int8");
  int8.acceptance = Acceptance{false, "uncalibrated", {}};
  EXPECT_EQ(closing_sentence({int8}),
            "No verified variant is accepted, so there is nothing to rank.");
}

TEST(ClosingSentence, OfNone) {
  EXPECT_EQ(closing_sentence({unverified("tvm", 0.001)}),
            "No engine produced verified outputs, so there is nothing to rank.");
}

TEST(ClosingSentence, SaysWhenTheWholeOrderWasAskedFor) {
  Result first = best("openvino", 0.032);
  first.rank->order = Order::kAll;
  EXPECT_EQ(closing_sentence({first, placed("onnxruntime", 0.04, kSlower)}),
            "openvino is fastest: onnxruntime takes 1.25 times as long (whole order: confidence >= "
            "99.45 %); outputs agree within 2e-06.");
  // Two slow ones are as near to each other as asked for, and their order is not known.
  first.rank->decided = false;
  EXPECT_EQ(closing_sentence({first, placed("onnxruntime", 0.04, kSlower)}),
            "openvino is fastest: onnxruntime takes 1.25 times as long (confidence >= 99.45 %); "
            "outputs agree within 2e-06.");
}

// Two that left at different times, on a machine that became slower: their own medians contradict
// their ratios.
TEST(ResultsTable, MediansAgreeWithRatios) {
  Result first = best("openvino", 0.012);
  first.rank->p50_s = 0.012;
  Result early = placed("tf", 0.0138, {1.25, {1.23, 1.27}, Relation::kSlower});
  early.rank->p50_s = 0.015;
  Result late = placed("onnxruntime", 0.0155, {1.2, {1.18, 1.22}, Relation::kSlower});
  late.rank->p50_s = 0.0144;
  EXPECT_EQ(results_text({early, late, first}), R"(
engine       version   median      p90  p99  inferences/s  relative time       CPU time  load time  memory  precision  error  verdict
openvino     1.2.3    12.0 ms  12.0 ms    -          83.3  1.00x                24.0 ms     250 ms  312 MB  f32        2e-06  ok
onnxruntime  1.2.3    14.4 ms  14.4 ms    -          69.4  1.20x [1.18, 1.22]   28.8 ms     250 ms  312 MB  f32        2e-06  ok
tf           1.2.3    15.0 ms  15.0 ms    -          66.7  1.25x [1.23, 1.27]   30.0 ms     250 ms  312 MB  f32        2e-06  ok
)" + 1);
}

}  // namespace
}  // namespace dnnbench
