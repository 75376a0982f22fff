#include "results/write_result.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/sha256.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

class WriteResultTest : public testing::Test {
 protected:
  std::string path() const { return folder_ / "result.json"; }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Result result() const {
    Result result;
    result.model_path = "/models/tiny.onnx";
    result.output_path = path();
    result.data = {0.25, 0.5};
    return result;
  }

  const TemporaryFolder folder_;
};

TEST(BackendMeta, JoinsVariantAndSettings) {
  EXPECT_EQ(backend_meta("cpu", {}), "cpu");
  EXPECT_EQ(backend_meta("cuda", {"threads=1", "precision=bf16"}), "cuda-threads=1-precision=bf16");
}

TEST(BackendMeta, HasNoCharacterThatANameMustNotHold) {
  EXPECT_EQ(backend_meta("cpu", {"shape=input_1:0@1x3", "input=a/b c,d"}),
            "cpu-shape=input_1_0@1x3-input=a_b_c_d");
  EXPECT_EQ(backend_meta(std::string("a\0b\n\xc3\xa9", 6), {}), "a_b___");
}

TEST(ResultStem, NamesModelDeviceBackendAndMeta) {
  EXPECT_EQ(result_stem("/models/yolo.v4.onnx", "cpu", "onnxruntime", "cpu-threads=1"),
            "yolo.v4-quant=0-cpu-onnxruntime-cpu-threads=1");
}

TEST(ResultStem, KeepsANameOf200Bytes) {
  const std::string head = "m-quant=0-cpu-tvm-";
  const std::string meta(200 - head.size(), 'x');
  EXPECT_EQ(result_stem("m.onnx", "cpu", "tvm", meta), head + meta);
}

TEST(ResultStem, CutsALongerOneAndTellsItApart) {
  const std::string meta(300, 'x');
  const std::string stem = result_stem("m.onnx", "cpu", "tvm", meta);
  EXPECT_EQ(stem.size(), 200U);
  EXPECT_EQ(stem.substr(stem.size() - 9), "-" + sha256_of_text(meta).substr(0, 8));
  EXPECT_EQ(stem.rfind("m-quant=0-cpu-tvm-xxx", 0), 0U);
  EXPECT_NE(stem, result_stem("m.onnx", "cpu", "tvm", meta + "y"));
}

TEST(ResultStem, ShortensTheNameOfAModel) {
  const std::string same(240, 'm');
  const std::string stem = result_stem(same + "1.onnx", "cpu", "tvm", "cpu");
  EXPECT_LE(stem.size(), 200U);
  EXPECT_EQ(stem.substr(stem.size() - 20), "-quant=0-cpu-tvm-cpu");
  EXPECT_NE(stem, result_stem(same + "2.onnx", "cpu", "tvm", "cpu"));
  std::string umlauts;
  for (int i = 0; i < 120; ++i) umlauts += "\xc3\xa4";
  const std::string cut = result_stem(umlauts + ".onnx", "cpu", "tvm", "cpu");
  EXPECT_EQ(cut.rfind("\xa4-" + sha256_of_text(umlauts).substr(0, 8)), cut.size() - 30) << cut;
}

TEST_F(WriteResultTest, KeepsTheResultOfAnotherModelOfThisName) {
  const auto stem = [&](const std::string& sha256) {
    return free_result_stem(folder_.path(), sha256, "/a/model.onnx", "cpu", "tvm", "cpu");
  };
  const std::string plain = "model-quant=0-cpu-tvm-cpu";
  EXPECT_EQ(stem("0123456789"), plain);
  Result first = result();
  first.model_sha256 = "0123456789";
  first.output_path = folder_ / (plain + ".json");
  write_result(first);
  EXPECT_EQ(stem("0123456789"), plain);
  EXPECT_EQ(stem("abcdefabcdef"), "model@abcdefab-quant=0-cpu-tvm-cpu");
}

TEST_F(WriteResultTest, WritesOneKeyALine) {
  write_result(result());
  const std::string text = content(path());
  EXPECT_NE(text.find("\n \"data\": [0.25,0.5],\n"), std::string::npos) << text;
  EXPECT_EQ(nlohmann::json::parse(text).at("model_path"), "/models/tiny.onnx");
  EXPECT_EQ(files(), std::vector<std::string>{"result.json"});
}

TEST_F(WriteResultTest, ReplacesAnEarlierResult) {
  write_result(result());
  Result second = result();
  second.data = {1};
  write_result(second);
  EXPECT_EQ(nlohmann::json::parse(content(path())).at("data").size(), 1U);
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

TEST_F(WriteResultTest, BytesThatAreNoUtf8AreReplaced) {
  Result strange = result();
  strange.outcome = {OutcomeKind::kFailed, "library said \xff\xfe"};
  write_result(strange);
  EXPECT_EQ(nlohmann::json::parse(content(path())).at("reason"),
            "library said \xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace dnnbench
