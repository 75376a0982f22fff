#include "results/write_result.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "run/names.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

class WriteResultTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_ / "result.json"; }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  Result result() const {
    Result result;
    result.model.path = "/models/tiny.onnx";
    result.output_path = path();
    result.measured.samples = {{0, 0, 0.25}, {0, 0.25, 0.5}};
    return result;
  }

  const TemporaryFolder folder_;
};

TEST_F(WriteResultTest, KeepsTheResultOfAnotherModelOfThisName) {
  const auto stem = [&](const std::string& sha256) {
    Candidate candidate;
    candidate.model_path = "/a/model.onnx";
    candidate.backend = "tvm";
    return free_result_stem(folder_.path(), sha256, candidate, "cpu");
  };
  const std::string plain = "model-quant=0-cpu-tvm-cpu";
  EXPECT_EQ(stem("0123456789"), plain);
  Result first = result();
  first.model.sha256 = "0123456789";
  first.output_path = folder_ / (plain + ".json");
  write_result(first);
  EXPECT_EQ(stem("0123456789"), plain);
  EXPECT_EQ(stem("abcdefabcdef"), "model@abcdefab-quant=0-cpu-tvm-cpu");
}

TEST_F(WriteResultTest, WritesOneKeyPerLine) {
  write_result(result());
  const std::string text = read_file(path());
  EXPECT_NE(text.find("\n \"data\": [0.25,0.5],\n"), std::string::npos) << text;
  EXPECT_EQ(nlohmann::json::parse(text).at("model_path"), "/models/tiny.onnx");
  EXPECT_EQ(files(), std::vector<std::string>{"result.json"});
}

TEST_F(WriteResultTest, ReplacesAnEarlierResult) {
  write_result(result());
  Result second = result();
  second.measured.samples = {{0, 0, 1}};
  write_result(second);
  EXPECT_EQ(nlohmann::json::parse(read_file(path())).at("data").size(), 1U);
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(WriteResultTest, LeavesNothingWhereItFails) {
  fs::create_directories(path() + "/in the way");
  EXPECT_THROW(write_result(result()), Error);
  EXPECT_EQ(files(), std::vector<std::string>{"result.json"});
  Result elsewhere = result();
  elsewhere.output_path = folder_ / "no such folder/result.json";
  EXPECT_THROW(write_result(elsewhere), Error);
}

TEST_F(WriteResultTest, BytesThatAreNotUtf8AreReplaced) {
  Result strange = result();
  strange.outcome = {OutcomeKind::kFailed, "library said \xff\xfe"};
  write_result(strange);
  EXPECT_EQ(nlohmann::json::parse(read_file(path())).at("reason"),
            "library said \xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace dnnbench
