#include "results/stored_result.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "results/result.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class StoredResults : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_ / "c5a.large"); }

  fs::path write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / "c5a.large" / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  fs::path write_json(const std::string& name, const json& object) {
    return write(name, object.dump());
  }

  std::string refusal(const std::string& text) {
    try {
      read_result(write("x.json", text));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

json of_2021() {
  return {{"model_path", "C:\\models\\resnet50v1.onnx"},
          {"backend", "onnxruntime"},
          {"backend_meta", "openmp"},
          {"quantize", true},
          {"number", 10},
          {"data", {1.0, 3.0}}};
}

std::string with(const std::string& key, const json& value) {
  json object = of_2021();
  object[key] = value;
  return object.dump();
}

TEST_F(StoredResults, OursIsReadBack) {
  Result result;
  result.model.path = "/models/tiny.onnx";
  result.candidate.backend = "openvino";
  result.backend_meta = "cpu-threads=1";
  result.instance = "my-host";
  result.number = 2;
  result.measured.samples = {{0, 0, 0.4}, {0, 1, 0.1}};
  result.engine.verification.verdict = Verdict::kOk;
  result.started_at = "2026-11-23T22:40:07Z";
  result.model.sha256 = "abc";
  result.environment.architecture = "aarch64";
  result.environment.cores = "8-11";
  result.model.input_shapes["x"] = {1, 3};
  result.run_to_run = RunToRun{1.02, 5, "2026-11-20T22:40:07Z", true};
  result.candidate.only_compared_with = true;
  const StoredResult read = read_result(write_json("any name.json", to_json(result)));
  EXPECT_EQ(read.model, "tiny");
  EXPECT_EQ(read.instance, "my-host");
  EXPECT_EQ(read.backend, "openvino");
  EXPECT_EQ(read.backend_meta, "cpu-threads=1");
  EXPECT_EQ(read.times_s, (std::vector<double>{0.2, 0.05}));
  EXPECT_EQ(read.number, 2);
  EXPECT_EQ(read.verdict, Verdict::kOk);
  EXPECT_FALSE(read.suspect);
  EXPECT_FALSE(read.quantized);
  EXPECT_EQ(read.started_at, "2026-11-23T22:40:07Z");
  EXPECT_EQ(read.model_sha256, "abc");
  EXPECT_EQ(read.architecture, "aarch64");
  EXPECT_EQ(read.conditions.at("environment.cores"), "\"8-11\"");
  EXPECT_EQ(read.input_shapes, R"({"x":[1,3]})");
  EXPECT_EQ(read.run_to_run, result.run_to_run);
  EXPECT_TRUE(read.only_compared_with);
}

// Or an interval would be too narrow.
TEST_F(StoredResults, AFigureOfTwoRunsThatCanNotBeIsNone) {
  for (const char* known :
       {"null", "3", R"({"ratio":0.9,"runs":5})", R"({"ratio":"1","runs":5})", R"({"ratio":1.1})",
        R"({"ratio":1.1,"runs":-5})", R"({"ratio":1.1,"runs":1})"}) {
    const std::string text = with("run_to_run", json::parse(known));
    EXPECT_FALSE(read_result(write("x.json", text)).run_to_run) << known;
  }
}

TEST_F(StoredResults, AFailureIsOneToo) {
  Result result;
  result.model.path = "tiny.onnx";
  result.candidate.backend = "tf";
  result.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
  const StoredResult read = read_result(write_json("x.json", to_json(result)));
  EXPECT_EQ(read.outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(read.outcome.reason, "ended by SIGSEGV");
  EXPECT_TRUE(read.times_s.empty());
}

TEST_F(StoredResults, Of2021TheNamesOfFileAndFolderAreBelieved) {
  const StoredResult read =
      read_result(write_json("resnet50v1-quant=0-cpu-onnxruntime-openmp.json", of_2021()));
  EXPECT_EQ(read.model, "resnet50v1");
  EXPECT_EQ(read.instance, "c5a.large");
  EXPECT_FALSE(read.quantized);
  EXPECT_EQ(read.verdict, Verdict::kUnverified);
  EXPECT_EQ(read.times_s, (std::vector<double>{0.1, 0.3}));
  EXPECT_TRUE(read_result(write_json("a-quant=1-cpu-x.json", of_2021())).quantized);
  EXPECT_TRUE(read_result(write_json("renamed.json", of_2021())).quantized);
}

TEST_F(StoredResults, APublishedFigureHasNoTimes) {
  json object = of_2021();
  object["data"] = json::array();
  object["published"] = {
      {"throughput_per_s", 0.6994}, {"plus_minus_per_s", 0.012}, {"bound", nullptr}};
  const StoredResult read = read_result(write_json("x.json", object));
  EXPECT_TRUE(read.times_s.empty());
  EXPECT_EQ(read.published->throughput_per_s, 0.6994);
  EXPECT_EQ(read.published->plus_minus_per_s, 0.012);
  EXPECT_EQ(read.published->bound, PublishedFigure::Bound::kNone);
  object["published"]["bound"] = "at_least";
  EXPECT_EQ(read_result(write_json("x.json", object)).published->bound,
            PublishedFigure::Bound::kAtLeast);
  object["published"]["bound"] = "about";
  EXPECT_THROW(read_result(write_json("x.json", object)), Error);
  object["published"] = {{"throughput_per_s", 0}};
  EXPECT_THROW(read_result(write_json("x.json", object)), Error);
}

TEST_F(StoredResults, OnlyTheResultsOwnDataCount) {
  json object = of_2021();
  object["data"] = nullptr;
  object["other"] = {{"data", {1, 2}}};
  EXPECT_EQ(refusal(object.dump()), "it has no measurements under \"data\"");
  object["data"] = {10};
  EXPECT_EQ(read_result(write_json("x.json", object)).times_s, std::vector<double>{1});
}

TEST_F(StoredResults, TimesOfAnotherModeAreNotTakenForLatencies) {
  json object = to_json(Result{});
  object["model_path"] = "a.onnx";
  object["backend"] = "b";
  object["mode"] = "load";
  const StoredResult read = read_result(write_json("x.json", object));
  EXPECT_EQ(read.mode, "load");
  EXPECT_TRUE(read.times_s.empty());
}

TEST_F(StoredResults, RatesUnderTrafficAreReadWhereTheySaySomething) {
  json object = to_json(Result{});
  object["model_path"] = "a.onnx";
  object["backend"] = "b";
  object["mode"] = "load";
  object["backend_meta"] = "cpu-mode=load-slo-p99=0.1";
  const auto rate = [](double per_s, const json& p99_s, const char* verdict) {
    return json{{"rate_per_s", per_s}, {"p99_s", p99_s}, {"verdict", verdict}};
  };
  object["load"] = {
      {"settings", "cpu"},
      {"rates",
       {rate(5, 0.1, "carried"), rate(6, 0.2, "late"), rate(7, nullptr, "carried"),
        rate(8, 0.3, "unsteady"), rate(9, 4, "overloaded"), rate(10, 5, "disturbed")}}};
  const StoredResult read = read_result(write_json("x.json", object));
  EXPECT_EQ(read.settings, "cpu");
  ASSERT_EQ(read.traffic_rates.size(), 2U);
  EXPECT_EQ(read.traffic_rates[0].rate_per_s, 5);
  EXPECT_EQ(read.traffic_rates[0].p99_s, 0.1);
  EXPECT_EQ(read.traffic_rates[1].rate_per_s, 9);
  EXPECT_TRUE(std::isinf(read.traffic_rates[1].p99_s));
}

TEST_F(StoredResults, WhatThroughputModeFoundIsRead) {
  json object = to_json(Result{});
  object["model_path"] = "a.onnx";
  object["backend"] = "b";
  object["mode"] = "throughput";
  object["backend_meta"] = "cpu-batch=1+4-mode=throughput";
  object["streams"] = 2;
  object["batch"] = 4;
  object["data"] = {0.5, 0.25};
  object["throughput_per_s"] = 60.0;
  object["throughput"] = {{"settings", "cpu-streams=2-batch=4"},
                          {"chosen", 1},
                          {"tried", {{{"least_per_s", 1}}, {{"least_per_s", 55}}}}};
  const StoredResult read = read_result(write_json("x.json", object));
  EXPECT_EQ(read.settings, "cpu-streams=2-batch=4");
  EXPECT_TRUE(read.times_s.empty());  // they are not those of one request at a time
  ASSERT_TRUE(read.throughput);
  EXPECT_EQ(read.throughput->per_s, 60);
  EXPECT_EQ(read.throughput->least_per_s, 55);
  EXPECT_FALSE(read.throughput->greatest_per_s);
  EXPECT_EQ(read.throughput->streams, 2U);
  EXPECT_EQ(read.batch, 4);
  EXPECT_EQ(read.throughput->times_s, (std::vector<double>{0.5, 0.25}));
  object["throughput_per_s"] = nullptr;
  EXPECT_EQ(refusal(object.dump()), "its throughput_per_s is not a number above 0");
}

TEST_F(StoredResults, WhatIsNoneSaysWhy) {
  EXPECT_EQ(refusal("{\"model_path\": \"a.on"), "broken JSON");
  EXPECT_EQ(refusal(""), "broken JSON");
  EXPECT_EQ(refusal("{\"a\": \"\xff\"}"), "broken JSON");
  EXPECT_EQ(refusal("[1]"), "it is not a result: not a JSON object");
  EXPECT_EQ(refusal("{}"), "it is not a result: it has no text under \"model_path\"");
  json object = of_2021();
  object["data"] = {0.1, -1};
  EXPECT_EQ(refusal(object.dump()), "\"data\" contains -1, not a time in seconds");
  object["data"] = json::array();
  EXPECT_EQ(refusal(object.dump()), "it has no measurements under \"data\"");
  object["number"] = 0;
  EXPECT_EQ(refusal(object.dump()), "its \"number\" is 0, not a whole number of at least 1");
  object["number"] = 18446744073709551615U;
  EXPECT_NE(refusal(object.dump()), "");
  object["outcome"] = "fine";
  EXPECT_EQ(refusal(object.dump()), "its outcome \"fine\" is unknown");
  object["schema_version"] = 2;
  EXPECT_EQ(refusal(object.dump()), "its schema_version is 2, this program reads 1");
  EXPECT_EQ(refusal(std::string(100'000, '[')), "broken JSON: nested too deeply");
  EXPECT_EQ(refusal(with("number", json::parse(std::string(90, '[') + "1" + std::string(90, ']')))),
            "its \"number\" is [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[..., not a whole number of "
            "at least 1");
  EXPECT_EQ(refusal(with("mode", "x")), "its mode \"x\" is not latency, load or throughput");
  EXPECT_EQ(refusal(with("mode", 1)), "its mode 1 is not latency, load or throughput");
  EXPECT_EQ(refusal(with("model_path", std::string(100'000, 'a'))),
            "its \"model_path\" has more than 4096 bytes");
  EXPECT_EQ(refusal(with("instance", std::string(100'000, 'a'))),
            "its \"instance\" has more than 4096 bytes");
  EXPECT_EQ(refusal("{\"model_path\": \"a\", \"number\": 1e400}"), "broken JSON");
  EXPECT_EQ(refusal("{\"model_path\": \"\\ud800\"}"), "broken JSON");
}

TEST_F(StoredResults, AnEndlessFileIsNotRead) {
  write("sparse.json", "{");
  fs::resize_file(folder_ / "c5a.large" / "sparse.json", 200'000'000'000);
  const ResultsFolder found = read_results(folder_.string());
  ASSERT_EQ(found.skipped.size(), 1U);
  EXPECT_TRUE(found.skipped[0].ends_with("it is larger than 512 MB")) << found.skipped[0];
}

TEST_F(StoredResults, AFolderIsReadWithAllBelowItAndBrokenFilesAreNamed) {
  for (int i = 0; i < 30; ++i) write_json("r" + std::to_string(i) + ".json", of_2021());
  write("half.json", "{\"model_path\"");
  write("engine.log", "not JSON");
  fs::create_directories(folder_ / "c5a.large" / "folder.json");
  fs::create_directory_symlink(folder_, folder_ / "c5a.large" / "loop");
  const ResultsFolder found = read_results(folder_.string());
  EXPECT_EQ(found.results.size(), 30U);
  for (size_t i = 1; i < found.results.size(); ++i) {
    EXPECT_LT(found.results[i - 1].path, found.results[i].path);
  }
  EXPECT_EQ(found.skipped,
            std::vector<std::string>{"skipped " + (folder_ / "c5a.large/half.json").string() +
                                     ": broken JSON"});
  EXPECT_THROW(read_results((folder_ / "none").string()), UsageError);
}

}  // namespace
}  // namespace dnnbench
