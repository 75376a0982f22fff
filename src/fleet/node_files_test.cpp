// Runs real batch scripts, with a stand-in for the program, on nodes that are folders.
#include "fleet/node_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "fleet/node_report.h"
#include "fleet/run_command.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// Writes what it was called as and the sizes of its model's files.
constexpr const char* kProgram = R"script(#!/bin/bash
for word; do case $word in --output=*) output=${word#*=} ;; esac; done
mkdir -p "$output"
weights=$(stat -c %s "${2%.onnx}.weights" 2>/dev/null)
printf '{"program": "%s", "bytes": %d, "weights_bytes": %d}\n' "$0" "$(stat -c %s "$2")" "$weights" >"$output/result.json"
)script";

class NodeFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write("source/dnnbench", kProgram);
    chmod((folder_ / "source/dnnbench").c_str(), 0755);
    write("tiny.onnx", "12345");
    write("tiny.weights", "1234567");
    plan_.models = {
        {"tiny", folder_ / "tiny.onnx", "k1", {folder_ / "tiny.onnx", folder_ / "tiny.weights"}}};
    plan_.output = folder_ / "results";
    plan_.state = folder_ / "results.fleet";
    plan_.program = folder_ / "source/dnnbench";
    plan_.architecture = run_command({"uname", "-m"}).out;
    plan_.architecture.pop_back();
    prepare_state(plan_, "a");
  }
  void write(const std::string& path, const std::string& text) { write_file(folder_ / path, text); }
  // A command, on the node.
  std::vector<std::string> on_node() {
    const std::string home = folder_ / "node";
    fs::create_directories(home);
    return {"env", "-u", "XDG_CACHE_HOME", "HOME=" + home};
  }
  CommandOutput run_script(const std::string& script, const std::string& path = "") {
    std::vector<std::string> words = on_node();
    if (!path.empty()) words.push_back("PATH=" + path);
    words.push_back("bash");
    return run_command(words, script);
  }
  // As on a virtual machine of EC2 of type `type`.
  std::string script_on_ec2(const std::string& type, std::string script) {
    write("dmi/sys_vendor", "Amazon EC2\n");
    write("dmi/product_name", type + "\n");
    const std::string dmi = "dmi=/sys/class/dmi/id\n";
    return script.replace(script.find(dmi), dmi.size(), "dmi='" + (folder_ / "dmi") + "'\n");
  }
  // As on a node that does not see the folders.
  std::string unshared_script() {
    std::string script = batch_script(plan_, "a");
    for (const std::string& hidden : {plan_.state, plan_.output, plan_.program}) {
      const size_t at = script.find("'" + hidden);
      script.replace(at + 1, std::string(folder_.path()).size(), "/nowhere");
    }
    return script;
  }
  fs::path node_folder() {
    return fs::path(folder_ / "node/.cache/dnn-bench/fleet") / fleet_key(plan_);
  }

  TemporaryFolder folder_;
  FleetPlan plan_;
};

TEST_F(NodeFilesTest, SendsWhatAJobNeedsAndCollectsWhatItMeasured) {
  EXPECT_FALSE(exchange_files(plan_, "a", on_node()));  // no job is there
  EXPECT_FALSE(is_unshared(plan_, "a"));
  std::thread job([&] { EXPECT_EQ(run_script(unshared_script()).code, 0); });
  while (!read_node_report(plan_, "a").ended) {
    exchange_files(plan_, "a", on_node());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  job.join();  // it has seen that all is collected
  EXPECT_TRUE(is_unshared(plan_, "a"));
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
  const std::string result = read_file(fs::path(plan_.output) / "a/result.json");
  EXPECT_NE(result.find("\"bytes\": 5, \"weights_bytes\": 7}"), std::string::npos) << result;
  EXPECT_NE(result.find((node_folder() / "program/dnnbench").string()), std::string::npos);
  EXPECT_FALSE(fs::exists(node_folder()));  // what was sent is removed
}

TEST_F(NodeFilesTest, WhatIsDoneIsNotMeasuredOnANodeThatDoesNotKnowIt) {
  write("results.fleet/a/k1.done", "0\nearlier.json\n");
  write("results/a/earlier.json", "{}");
  std::thread job([&] { EXPECT_EQ(run_script(unshared_script()).code, 0); });
  while (!read_node_report(plan_, "a").ended) {
    exchange_files(plan_, "a", on_node());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  job.join();
  EXPECT_FALSE(fs::exists(fs::path(plan_.output) / "a/result.json"));
}

TEST_F(NodeFilesTest, WhatHasLostItsResultsIsMeasuredAgain) {
  const fs::path result = fs::path(plan_.output) / "a/result.json";
  run_script(batch_script(plan_, "a"));
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
  fs::remove(result);
  EXPECT_TRUE(read_node_report(plan_, "a").done.empty());
  prepare_state(plan_, "a");
  run_script(batch_script(plan_, "a"));
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
  EXPECT_TRUE(fs::exists(result));
}

TEST_F(NodeFilesTest, ANodeToWhichNothingIsSentEndsWithAStatusOfItsOwn) {
  std::string script = unshared_script();
  const std::string patience = "patience_s=600";
  script.replace(script.find(patience), patience.size(), "patience_s=1");
  EXPECT_EQ(run_script(script).code, kExitNoSharedFolder);
}

TEST_F(NodeFilesTest, AMachineOfAnotherTypeMeasuresNothing) {
  const std::string script = batch_script(plan_, "a");
  EXPECT_EQ(run_script(script_on_ec2("c5a.large", script)).code, 1);
  EXPECT_EQ(read_node_report(plan_, "a").unfit,
            "is a c5a.large, not a a; choose nodes of that type with --constraint or --partition");
  EXPECT_TRUE(read_node_report(plan_, "a").done.empty());
  EXPECT_EQ(run_script(script_on_ec2("a", script)).code, 0);
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
}

TEST_F(NodeFilesTest, OfAnotherVendorTheProductIsNotTheMachineType) {
  std::string script = script_on_ec2("PowerEdge R760", batch_script(plan_, "a"));
  write("dmi/sys_vendor", "Dell Inc.\n");
  EXPECT_EQ(run_script(script).code, 0);
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
}

TEST_F(NodeFilesTest, WhyANodeThatSharesNoFolderCanNotMeasureIsCollected) {
  const std::string script = script_on_ec2("c5a.large", unshared_script());
  std::thread job([&] { EXPECT_EQ(run_script(script).code, 1); });
  while (read_node_report(plan_, "a").unfit.empty()) {
    exchange_files(plan_, "a", on_node());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  job.join();  // it has seen that its report is collected
  EXPECT_FALSE(fs::exists(node_folder()));
}

// As by a scheduler that starts a job twice.
TEST_F(NodeFilesTest, ADuplicatedJobYieldsOneResult) {
  write("source/dnnbench", "#!/bin/bash\necho \"$2\" >>" + (folder_ / "calls") + "\n" + kProgram);
  std::thread other([&] { EXPECT_EQ(run_script(batch_script(plan_, "a")).code, 0); });
  EXPECT_EQ(run_script(batch_script(plan_, "a")).code, 0);
  other.join();
  EXPECT_EQ(read_file(folder_ / "calls"), folder_ / "tiny.onnx" + "\n");
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
}

TEST_F(NodeFilesTest, WhatCanNotBeInstalledWithoutRootIsReported) {
  const std::string sentence = "only an administrator can install what this machine lacks";
  write("source/dnnbench",
        "#!/bin/bash\necho 'Building' >&2\necho '" + sentence + "' >&2\nexit 1\n");
  EXPECT_EQ(run_script(batch_script(plan_, "a")).code, 0);
  EXPECT_EQ(read_node_report(plan_, "a").failed, std::vector<std::string>{"tiny: " + sentence});
}

// `uname -m` says something else there.
class NodeOfAnotherArchitecture : public NodeFilesTest {
 protected:
  void SetUp() override {
    NodeFilesTest::SetUp();
    write("bin/uname", "#!/bin/sh\necho riscv64\n");
    chmod((folder_ / "bin/uname").c_str(), 0755);
  }
  void run() { run_script(batch_script(plan_, "a"), (folder_ / "bin") + ":/usr/bin:/bin"); }
  // Measures, and returns which program did.
  std::string program_used() {
    fs::remove_all(plan_.output);
    prepare_state(plan_, "a");
    run();
    EXPECT_TRUE(read_node_report(plan_, "a").ended);
    const std::string result = read_file(fs::path(plan_.output) / "a/result.json");
    const std::string begin = "{\"program\": \"";
    EXPECT_TRUE(result.starts_with(begin)) << result;
    return result.substr(begin.size(), result.find('"', begin.size()) - begin.size());
  }
};

TEST_F(NodeOfAnotherArchitecture, WithoutTheRepositoryItLacksABuild) {
  run();
  EXPECT_EQ(read_node_report(plan_, "a").unfit, "lacks a build for riscv64");
}

TEST_F(NodeOfAnotherArchitecture, ChangedSourcesGetACopyOfTheirOwn) {
  plan_.repository = folder_ / "source";
  const std::string first = program_used();
  EXPECT_TRUE(first.starts_with(folder_ / "node/.cache/dnn-bench/on-riscv64/source-")) << first;
  write("source/fleet.log", "not a source");
  write("source/results/a/result.json", "{}");
  EXPECT_EQ(program_used(), first);
  write("source/src/main.cpp", "int main() {}");
  const std::string second = program_used();
  EXPECT_NE(second, first);
  EXPECT_EQ(read_file(fs::path(second).parent_path() / "src/main.cpp"), "int main() {}");
  const auto copies = fs::directory_iterator(fs::path(second).parent_path().parent_path());
  EXPECT_EQ(std::distance(begin(copies), end(copies)), 2);  // nothing else is left there
}

}  // namespace
}  // namespace dnnbench
