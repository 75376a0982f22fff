#include "cli/against_report.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/commands.h"
#include "core/sha256.h"
#include "onnx/test_model.h"
#include "rank/median_interval.h"
#include "results/write_result.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// Runs of an engine that is not there, whose results are made up.
class AgainstReport : public ::testing::Test {
 protected:
  AgainstReport() {
    onnx::ModelProto model = testing::empty_model();
    testing::add_input(model, "x", onnx::TensorProto::FLOAT, {"2"});
    testing::add_node(model, "Relu", {"x"}, {"y"});
    testing::add_output(model, "y", onnx::TensorProto::FLOAT, {"2"});
    for (const char* name : {"m", "n"}) {
      model.set_producer_name(name);
      testing::write_file(path_of(name), model.SerializeAsString());
    }
    options_.confidence = 0.99;
    options_.fail_above = Percentage{"5%", 0.05};
    options_.against = folder_ / "before";
    presentation_.quiet = true;
  }

  std::string path_of(const std::string& model) const { return folder_ / (model + ".onnx"); }

  Candidate candidate(const std::string& model, std::optional<int> threads = {}) const {
    Candidate candidate;
    candidate.model_path = path_of(model);
    candidate.backend = candidate.engine = "none";
    candidate.threads = threads;
    return candidate;
  }

  // Undisturbed, and about `s` in each block.
  Result result_of(const Candidate& candidate, const std::string& folder, double s) const {
    Result result;
    result.candidate = candidate;
    result.model.path = candidate.model_path;
    result.model.sha256 = sha256_of_file(candidate.model_path);
    result.backend_meta = settings_of(options_, candidate, {"x"});
    result.instance = "here";
    result.started_at = "2026-11-02T00:00:00Z";
    result.label = result.backend_meta;
    result.engine.verification.verdict = Verdict::kOk;
    result.output_path =
        folder_ / folder + "/" + result_stem(candidate, result.backend_meta) + ".json";
    for (int64_t block = 0; block < blocks_; ++block) {
      result.measured.samples.push_back(
          {block, 0, s * (1 + 0.001 * static_cast<double>(block % 3))});
      result.measured.count_block("");
    }
    return result;
  }

  void store(const Result& result) const {
    fs::create_directories(fs::path(result.output_path).parent_path());
    write_result(result);
  }

  // The exit code; text_ is what is printed.
  int report(const Against& against, const Bench& done) {
    Presenter presenter(presentation_);
    ::testing::internal::CaptureStdout();
    const int code = against.report(done, presenter);
    text_ = ::testing::internal::GetCapturedStdout();
    return code;
  }

  TemporaryFolder folder_;
  RunOptions options_;
  Presentation presentation_;
  std::string text_;
  int64_t blocks_ = 30;
};

TEST_F(AgainstReport, WhatVersusAsksForIsComparedToo) {
  store(result_of(candidate("m"), "before", 0.010));
  options_.comparisons = {{candidate("m"), candidate("n")}};
  const Against against(options_, options_.comparisons[0]);
  Bench done;
  for (const Candidate& one : against.candidates()) {
    const bool is_slow = one.model_path == path_of("m");
    done.results.push_back(result_of(one, "after", is_slow ? 0.020 : 0.010));
    store(done.results.back());
  }
  EXPECT_EQ(report(against, done), kExitSlower) << text_;
  EXPECT_NE(text_.find("n.onnx -> m.onnx"), std::string::npos) << text_;
}

// Its path still has the earlier one.
TEST_F(AgainstReport, AResultThatCouldNotBeStoredIsNotComparedWithTheEarlierOne) {
  const Result before = result_of(candidate("m"), "before", 0.010);
  store(before);
  options_.comparisons = {{candidate("m")}};
  const Against against(options_, options_.comparisons[0]);
  Bench done;
  done.results.push_back(before);
  EXPECT_EQ(report(against, done), kExitOk) << text_;  // a run with itself
  done.not_stored = {"could not write the result"};
  EXPECT_EQ(report(against, done), kExitCantTell) << text_;
  EXPECT_NE(text_.find("today's result could not be stored"), std::string::npos) << text_;
  EXPECT_EQ(text_.find("None is slower"), std::string::npos) << text_;
}

// Enough blocks for one row at that confidence, and too few for each of eight.
TEST_F(AgainstReport, AllRowsTogetherHaveTheConfidenceAskedFor) {
  blocks_ = static_cast<int64_t>(min_values((1 - options_.confidence) / 2));
  std::vector<Candidate> candidates;
  for (const int threads : {1, 2, 3, 4, 5, 6, 7, 8}) candidates.push_back(candidate("m", threads));
  for (const size_t count : {size_t{1}, candidates.size()}) {
    options_.comparisons = {{candidates.begin(), candidates.begin() + static_cast<long>(count)}};
    Bench done;
    for (const Candidate& one : options_.comparisons[0]) {
      store(result_of(one, "before", 0.010));
      done.results.push_back(result_of(one, "after", 0.011));
      store(done.results.back());
    }
    report(Against(options_, options_.comparisons[0]), done);
    EXPECT_EQ(text_.find("[?]") == std::string::npos, count == 1) << text_;
  }
}

}  // namespace
}  // namespace dnnbench
