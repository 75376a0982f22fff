#include "cli/parse_run_options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "cli/help_text.h"
#include "core/error.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

// Any file passes as a model here.
const std::string kModel = "/dev/null";

RunOptions parse(std::vector<std::string> arguments) {
  arguments.push_back(kModel);
  return parse_run_options(arguments);
}

const Candidate& first(const RunOptions& options) { return options.comparisons.at(0).at(0); }

std::vector<std::string> models(const RunOptions& options) {
  std::vector<std::string> models;
  for (const auto& candidates : options.comparisons) models.push_back(candidates[0].model_path);
  return models;
}

std::string sentence_for(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> labels(const RunOptions& options) {
  std::vector<std::string> labels;
  for (const Candidate& candidate : options.comparisons.at(0)) {
    labels.push_back(candidate.backend + "/" + candidate.engine + "/" + candidate.provider);
  }
  return labels;
}

TEST(ParseRunOptions, KnowsEveryFlagOfTheHelpText) {
  for (const std::string& flag : flags_in_help("run")) {
    if (flag == "--help") continue;  // main's affair
    EXPECT_EQ(sentence_for({flag}).find("unknown flag"), std::string::npos) << flag;
  }
}

// CLI11 can't be asked from here which flags it was given; the source can.
TEST(ParseRunOptions, KnowsNoFlagThatTheHelpTextDoesNot) {
  std::string source;
  for (const char* name : {"parse_run_options.cpp", "engine_flags.cpp"}) {
    std::ifstream file(std::string(DNNBENCH_REPOSITORY "/src/cli/") + name);
    ASSERT_TRUE(file) << name;
    source += std::string{std::istreambuf_iterator<char>(file), {}};
  }
  const std::vector<std::string> documented = flags_in_help("run");
  const std::regex literal("\"(--[a-z0-9-]+)\"");
  int found = 0;
  for (std::sregex_iterator flag(source.begin(), source.end(), literal), end; flag != end; ++flag) {
    const std::string name = (*flag)[1];
    EXPECT_NE(std::find(documented.begin(), documented.end(), name), documented.end()) << name;
    ++found;
  }
  EXPECT_GT(found, 20);
}

TEST(ParseRunOptions, HasTheDefaultsOfTheHelpText) {
  const RunOptions options = parse({});
  EXPECT_EQ(models(options), std::vector<std::string>{kModel});
  EXPECT_EQ(first(options).device, "cpu");
  EXPECT_EQ(repeat_of(options), std::nullopt);
  EXPECT_EQ(number_of(options), 1);
  EXPECT_EQ(options.warmup, std::nullopt);
  EXPECT_EQ(options.budget_s, 20);
  EXPECT_EQ(options.confidence, 0.99);
  EXPECT_EQ(options.precision_target, 0.03);
  EXPECT_FALSE(options.whole_order);
  EXPECT_EQ(options.timeout_s, 300);
  EXPECT_EQ(options.tune_budget_s, 0);
  EXPECT_EQ(options.output, "./results");
  EXPECT_EQ(mode_of(options), Mode::kLatency);
  EXPECT_EQ(first(options).batch, std::nullopt);
  EXPECT_EQ(first(options).threads, std::nullopt);
  EXPECT_EQ(first(options).streams, 1);
  EXPECT_EQ(first(options).precision, "f32");
  EXPECT_EQ(options.seed, 0U);
  EXPECT_EQ(options.instance, std::nullopt);
}

TEST(ParseRunOptions, ReadsEveryValue) {
  const RunOptions options =
      parse({"--device=arm", "--repeat=7", "--number=3", "--warmup=0", "--budget=1.5",
             "--timeout=.25", "--output=out", "--threads=2", "--precision=bf16",
             "--seed=9007199254740991", "--instance=c5a", "--test-data=/", "--confidence=0.9",
             "--precision-target=.05", "--order=all"});
  EXPECT_EQ(first(options).device, "arm");
  EXPECT_EQ(repeat_of(options), 7);
  EXPECT_EQ(number_of(options), 3);
  EXPECT_EQ(options.warmup, 0);
  EXPECT_EQ(options.budget_s, 1.5);
  EXPECT_EQ(options.timeout_s, 0.25);
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(first(options).threads, 2);
  EXPECT_EQ(first(options).precision, "bf16");
  EXPECT_EQ(options.seed, 9007199254740991U);
  EXPECT_EQ(options.instance, "c5a");
  EXPECT_EQ(options.test_data, "/");
  EXPECT_EQ(options.confidence, 0.9);
  EXPECT_EQ(options.precision_target, 0.05);
  EXPECT_TRUE(options.whole_order);
}

TEST(ParseRunOptions, ThreadsAndBatchTakeLists) {
  const RunOptions options = parse({"--openvino", "--tf", "--threads=1,4,1", "--batch=8,1"});
  ASSERT_EQ(options.comparisons.size(), 2U);  // a batch after the other
  const std::vector<Candidate>& candidates = options.comparisons[0];
  ASSERT_EQ(candidates.size(), 4U);
  EXPECT_EQ(candidates[0].backend, "openvino");
  EXPECT_EQ(candidates[0].threads, 1);
  EXPECT_EQ(candidates[1].backend, "openvino");
  EXPECT_EQ(candidates[1].threads, 4);
  EXPECT_EQ(candidates[3].backend, "tf");
  EXPECT_EQ(candidates[3].batch, 8);
  EXPECT_EQ(options.comparisons[1][0].batch, 1);
  for (const char* bad : {"--threads=", "--threads=0", "--threads=1,", "--threads=,1",
                          "--threads=1,x", "--threads=5000", "--batch=1;2", "--batch=-1"}) {
    EXPECT_NE(sentence_for({kModel, bad}), "") << bad;
  }
}

TEST(ParseRunOptions, TuningIsForAnEngineThatCan) {
  EXPECT_EQ(parse({"--openvino", "--tvm", "--tune-budget=60"}).tune_budget_s, 60);
  EXPECT_EQ(parse({"--nuphar", "--tune-budget=.5"}).tune_budget_s, 0.5);
  EXPECT_EQ(parse({"--openvino", "--tune-budget=0"}).tune_budget_s, 0);
}

TEST(ParseRunOptions, LoadModeNeedsARateOrABound) {
  const RunOptions load = parse({"--mode=load", "--rate=2.5", "--streams=2"});
  ASSERT_NE(load.traffic(), nullptr);
  EXPECT_EQ(load.traffic()->rate_per_s, 2.5);
  EXPECT_EQ(first(load).streams, 2);
  EXPECT_EQ(load.budget_s, 60);
  EXPECT_EQ(parse({"--mode=load", "--slo-p99=0.2"}).budget_s, 180);
  EXPECT_EQ(parse({"--mode=load", "--slo-p99=0.2", "--budget=7"}).budget_s, 7);
  EXPECT_NE(parse({"--mode=throughput"}).throughput(), nullptr);
  const std::vector<std::vector<std::string>> refused{
      {"--mode=load"},
      {"--mode=load", "--rate=0"},
      {"--mode=load", "--rate=nan"},
      {"--mode=load", "--rate=1", "--slo-p99=1"},
      {"--mode=load", "--rate=1", "--number=2"},
      {"--mode=load", "--slo-p99=1", "--repeat=458"},
      {"--mode=throughput", "--repeat=5"},
      {"--mode=throughput", "--rate=5"},
      {"--mode=fast"},
      {"--rate=5"},
      {"--slo-p99=5"},
      {"--streams=2"},
  };
  for (std::vector<std::string> flags : refused) {
    flags.push_back(kModel);
    EXPECT_NE(sentence_for(flags), "") << flags[0] << " " << flags[1];
  }
}

TEST(ParseRunOptions, ThroughputModeTriesThreadsAndBatchesItself) {
  const RunOptions options = parse({"--mode=throughput", "--tf", "--threads=1,2", "--batch=1,8"});
  ASSERT_EQ(options.comparisons.size(), 1U);
  ASSERT_EQ(options.comparisons[0].size(), 1U);
  EXPECT_EQ(first(options).threads, std::nullopt);
  ASSERT_NE(options.throughput(), nullptr);
  EXPECT_EQ(options.throughput()->threads, (std::vector<int>{1, 2}));
  EXPECT_EQ(options.throughput()->batches, (std::vector<int64_t>{1, 8}));
  EXPECT_EQ(options.throughput()->streams, 0);
}

TEST(ParseRunOptions, AFlagOfAnotherModeSaysWhichItNeeds) {
  EXPECT_EQ(sentence_for({"--rate=5"}), "--rate needs --mode=load");
  EXPECT_EQ(sentence_for({"--streams=2"}), "--streams needs --mode=load or --mode=throughput");
  EXPECT_EQ(sentence_for({"--mode=throughput", "--repeat=5"}),
            "--repeat needs --mode=latency or --mode=load");
  EXPECT_EQ(sentence_for({"--mode=load", "--rate=5", "--order=all"}),
            "--order needs --mode=latency");
  EXPECT_EQ(sentence_for({"--mode=throughput", "--order=best"}), "--order needs --mode=latency");
  for (const char* flag : {"--confidence", "--precision-target"}) {
    EXPECT_EQ(sentence_for({"--mode=load", "--rate=5", fmt::format("{}=0.9", flag)}),
              fmt::format("{} needs --mode=latency or --mode=throughput", flag));
    EXPECT_EQ(sentence_for({"--mode=throughput", fmt::format("{}=0.9", flag)}), "");
  }
}

TEST(ParseRunOptions, AValueMayFollowASpace) {
  const RunOptions options = parse_run_options({"--repeat", "7", kModel, "--shape", "x=1,2"});
  EXPECT_EQ(repeat_of(options), 7);
  EXPECT_EQ(options.shapes.at("x"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(options.comparisons.size(), 1U);
}

TEST(ParseRunOptions, ModelsMayStandAnywhereAndBeSeveral) {
  const RunOptions options = parse_run_options({kModel, "--shape=x=1", "/dev/zero", "--repeat=1"});
  EXPECT_EQ(models(options), (std::vector<std::string>{kModel, "/dev/zero"}));
}

TEST(ParseRunOptions, ModelsWhoseResultsWouldReplaceEachOtherAreRefused) {
  EXPECT_NE(sentence_for({"/dev/../dev/null"}).find("would write the same result files"),
            std::string::npos);
}

TEST(ParseRunOptions, ButNotForTheSameInput) {
  EXPECT_EQ(sentence_for({kModel, "--shape=x=1", "--shape=x=2"}),
            "--shape is given twice for input 'x'; give it once");
  EXPECT_EQ(sentence_for({kModel, "--input=x=1", "--input=x=1"}),
            "--input is given twice for input 'x'; give it once");
}

TEST(ParseRunOptions, NamesMayHoldAnEqualsSign) {
  const RunOptions options = parse({"--shape=a=b=1,3", "--input=a=b=-1.5"});
  EXPECT_EQ(options.shapes.at("a=b"), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(options.inputs.at("a=b"), "-1.5");
  const TemporaryFolder folder;
  const std::string path = folder / "rate=0.1.npy";
  std::ofstream(path) << "numbers";
  EXPECT_EQ(parse({"--input=x=" + path}).inputs.at("x"), path);
}

TEST(ParseRunOptions, ShapesAndInputsMayBeRepeated) {
  const RunOptions options =
      parse({"--shape=a:0=1,3,320,320", "--shape=b=2", "--input=x=a=b.npy", "--input=y=-1.5"});
  EXPECT_EQ(options.shapes.at("a:0"), (std::vector<int64_t>{1, 3, 320, 320}));
  EXPECT_EQ(options.inputs.at("x"), "a=b.npy");
  EXPECT_EQ(options.inputs.at("y"), "-1.5");
}

TEST(ParseRunOptions, TheFlagsOf2021ChooseTheirEngines) {
  EXPECT_EQ(
      labels(parse({"--tf", "--pytorch", "--onnxruntime", "--openvino", "--tvm", "--nuphar",
                    "--ort-cuda", "--ort-tensorrt"})),
      (std::vector<std::string>{
          "onnxruntime/onnxruntime/", "openvino/openvino/", "pytorch/pytorch/", "tf/tensorflow/",
          "tvm/tvm/", "onnxruntime/onnxruntime-gpu/cuda", "onnxruntime/onnxruntime-gpu/tensorrt"}));
}

TEST(ParseRunOptions, EnginesForGpusHaveProgramsOfTheirOwn) {
  const RunOptions options = parse({"--device=gpu", "--tensorrt", "--ort-openvino", "--gpu=GPU-1",
                                    "--io=device", "--cuda-graph", "--precision=tf32"});
  EXPECT_EQ(labels(options), (std::vector<std::string>{"onnxruntime/onnxruntime-openvino/openvino",
                                                       "tensorrt/tensorrt/"}));
  const Candidate& one = options.comparisons.front().front();
  EXPECT_EQ(one.io, "device");
  EXPECT_TRUE(one.cuda_graph);
  EXPECT_EQ(one.precision, "tf32");
  EXPECT_EQ(options.gpu, "GPU-1");
}

TEST(ParseRunOptions, OnAGpuWithoutAnEngineFlagItsOwnRun) {
  const std::vector<std::string> engines = labels(parse({"--device=gpu"}));
  EXPECT_EQ(engines.front(), "onnxruntime/onnxruntime-gpu/cuda");
}

TEST(ParseRunOptions, FlagsOfGpusNeedOne) {
  for (const char* flag : {"--gpu=0", "--io=device", "--cuda-graph"}) {
    EXPECT_THROW(parse({flag}), UsageError) << flag;
  }
}

TEST(ParseRunOptions, WithoutAnEngineFlagTheUsualOnesRun) {
  const std::vector<std::string> engines = labels(parse({}));
  ASSERT_GE(engines.size(), 2U);
  EXPECT_EQ(engines[0], "onnxruntime/onnxruntime/");
  EXPECT_EQ(engines[1], "openvino/openvino/");
  EXPECT_EQ(std::count(engines.begin(), engines.end(), "fake/fake/"), 0);
}

TEST(ParseRunOptions, VersionsOfAnEngineAreCandidates) {
  const RunOptions options = parse({"--onnxruntime=1.30.0,1.31.1", "--openvino"});
  const std::vector<Candidate>& candidates = options.comparisons.at(0);
  ASSERT_EQ(candidates.size(), 3U);
  EXPECT_EQ(candidates[0].engine_version, "1.30.0");
  EXPECT_EQ(candidates[1].engine_version, "1.31.1");
  EXPECT_EQ(candidates[2].engine, "openvino");
  EXPECT_EQ(candidates[2].engine_version, "");
  EXPECT_NE(sentence_for({"--onnxruntime=new"}).find("must be a version"), std::string::npos);
  EXPECT_NE(sentence_for({"--pytorch=2.14.0"}), "");
}

TEST(ParseRunOptions, AnotherModelIsACandidateOfEachEngine) {
  const TemporaryFolder folder;
  const std::string other = folder / "other.onnx";
  std::ofstream(other) << "any";
  const RunOptions options = parse({"--versus=" + other, "--onnxruntime", "--openvino"});
  ASSERT_EQ(options.comparisons.size(), 1U);
  std::vector<std::string> compared;
  for (const Candidate& candidate : options.comparisons[0]) {
    compared.push_back(candidate.engine + " " + candidate.model_path);
  }
  EXPECT_EQ(compared, (std::vector<std::string>{"onnxruntime " + kModel, "onnxruntime " + other,
                                                "openvino " + kModel, "openvino " + other}));
  EXPECT_NE(sentence_for({"--versus=" + kModel}).find("are the same file"), std::string::npos);
  EXPECT_NE(sentence_for({"--versus=/dev/zero", other}).find("compares one MODEL"),
            std::string::npos);
}

TEST(ParseRunOptions, AGateIsForLatencyAndWantsPrecision) {
  const RunOptions options = parse({"--fail-above=2.5%", "--threads=1,2"});
  EXPECT_EQ(options.fail_above->text, "2.5%");
  EXPECT_DOUBLE_EQ(options.fail_above->share, 0.025);
  EXPECT_TRUE(options.until_precise);
  EXPECT_TRUE(parse({"--precision-target=0.02"}).until_precise);
  EXPECT_FALSE(parse({}).until_precise);
  EXPECT_EQ(sentence_for({"--mode=load", "--rate=1", "--fail-above=5%"}),
            "--fail-above needs --mode=latency");
}

TEST(ParseRunOptions, TheFakeEnginePlaysSeveralPartsOnceEach) {
  EXPECT_EQ(labels(parse({"--fake=ok,duration_s=0.1", "--fake", "crash", "--fake=crash"})),
            (std::vector<std::string>{"fake/fake/ok,duration_s=0.1", "fake/fake/crash"}));
}

TEST(ParseRunOptions, RefusesWhatCanNotBeCarriedOut) {
  for (const char* argument : {"--repeat=0",
                               "--repeat=-1",
                               "--repeat=1.5",
                               "--repeat=",
                               "--number=0",
                               "--warmup=-1",
                               "--budget=0",
                               "--budget=-1",
                               "--budget=nan",
                               "--confidence=1",
                               "--confidence=0.1",
                               "--confidence=nan",
                               "--precision-target=0",
                               "--precision-target=nan",
                               "--tune-budget=-1",
                               "--tune-budget=nan",
                               "--tune-budget=inf",
                               "--timeout=0",
                               "--timeout=nan",
                               "--timeout=inf",
                               "--threads=0",
                               "--threads=99999",
                               "--device=tpu",
                               "--precision=int8",
                               "--seed=-1",
                               "--seed=9007199254740992",
                               "--shape=x",
                               "--shape==1",
                               "--shape=x=",
                               "--shape=x=1,",
                               "--shape=x=,1",
                               "--shape=x=1.5",
                               "--shape=x=-1",
                               "--shape=x=99999999999999999999",
                               "--input=x",
                               "--input=x=",
                               "--test-data=/no/such/folder",
                               "--variants=int4",
                               "--calibration=/",
                               "--max-error=0.1",
                               "--save-variants=here",
                               "--openvino=2",
                               "--nonesuch",
                               "-x",
                               "/no/such/model.onnx"}) {
    EXPECT_NE(sentence_for({argument}), "") << argument;
  }
  EXPECT_THROW(parse_run_options({}), UsageError);
}

TEST(ParseRunOptions, VariantsDecideTheWholeOrder) {
  EXPECT_TRUE(parse({"--variants=bf16"}).whole_order);
  EXPECT_TRUE(parse({"--variants=bf16", "--order=all"}).whole_order);
  EXPECT_EQ(sentence_for({"--variants=bf16", "--order=best"}),
            "--order=best and --variants exclude each other: each is compared with f32");
}

TEST(ParseRunOptions, SuggestsTheNearestFlag) {
  EXPECT_EQ(sentence_for({"--onnxruntim"}),
            "dnnbench run: unknown flag --onnxruntim; did you mean --onnxruntime?");
  EXPECT_EQ(sentence_for({"--qqqqqqqq"}), "dnnbench run: unknown flag --qqqqqqqq; see --help");
}

}  // namespace
}  // namespace dnnbench
