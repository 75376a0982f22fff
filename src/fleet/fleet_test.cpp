#include "fleet/fleet.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "fleet/slurm.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

using Phase = JobStatus::Phase;

class ScriptedScheduler : public Scheduler {
 public:
  void check(const std::string& script) override {
    if (!refused.empty() && script.find(refused) != std::string::npos)
      throw Error("no such feature");
  }
  std::string submit(const std::string&) override {
    const std::string job = std::to_string(++submitted);
    status[job] = {Phase::kWaiting, "Resources", "", false};
    return job;
  }
  std::map<std::string, JobStatus> jobs() override {
    if (silent) throw NoAnswer("connection refused");
    return status;
  }
  std::vector<std::string> on_node(const std::string&) override { return {"false"}; }
  std::optional<int> exit_code(const std::string&) override { return code; }
  void cancel(const std::vector<std::string>& jobs) override {
    cancelled.insert(cancelled.end(), jobs.begin(), jobs.end());
  }

  std::map<std::string, JobStatus> status;
  std::vector<std::string> cancelled;
  std::string refused;
  std::optional<int> code;
  int submitted = 0;
  bool silent = false;
};

class Notes : public FleetProgress {
 public:
  void note(const std::string& sentence) override { sentences.push_back(sentence); }
  void show(const std::vector<FleetLine>&) override {}
  std::vector<std::string> sentences;
};

class FleetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_.models = {{"tiny", "/m/tiny.onnx", "tiny-1", {}},
                    {"small", "/m/small.onnx", "small-1", {}}};
    plan_.output = folder_ / "results";
    plan_.state = folder_ / "results.fleet";
  }
  void report(const std::string& instance, const std::string& file, const std::string& text) {
    std::ofstream(plan_.state + "/" + instance + "/" + file) << text << '\n';
  }
  void measures(const std::string& instance, const FleetModel& model, const std::string& code) {
    const std::string folder = plan_.output + "/" + instance;
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/" + model.name + ".json") << "{}";
    report(instance, model.key + ".done", code + "\n" + model.name + ".json");
  }
  void ends(const std::string& instance, const std::string& code = "0") {
    for (const FleetModel& model : plan_.models) measures(instance, model, code);
    report(instance, "report", "ended");
  }
  // Each look takes as long as it says to sleep; `steps` are called before each of them.
  std::vector<FleetLine> watch(Fleet& fleet, std::vector<std::function<void()>> steps,
                               size_t most = 200) {
    size_t next = 0;
    sleep_ = [&, steps] {
      if (next < steps.size()) steps[next]();
      ++next;
    };
    return fleet.watch([&] { return next >= most; });
  }
  Fleet make(const std::vector<std::string>& instances) {
    return Fleet(plan_, instances, scheduler_, notes_,
                 {[this] { return now_s_; },
                  [this](double seconds) {
                    now_s_ += seconds;
                    if (sleep_) sleep_();
                  }});
  }

  TemporaryFolder folder_;
  FleetPlan plan_;
  ScriptedScheduler scheduler_;
  Notes notes_;
  double now_s_ = 0;
  std::function<void()> sleep_;
};

TEST_F(FleetTest, WatchesUntilAllHaveEnded) {
  Fleet fleet = make({"a", "b"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] { scheduler_.status["1"] = {Phase::kRunning, "", "n1"}; },
                                   [&] {
                                     ends("a");
                                     scheduler_.status["1"].phase = Phase::kEnded;
                                   },
                                   [&] {
                                     ends("b", "1");
                                     scheduler_.status.erase("2");
                                   }});
  EXPECT_EQ(lines[0].state, "measured 2 of 2");
  EXPECT_TRUE(lines[0].ok);
  EXPECT_EQ(lines[1].state, "measured 2 of 2; not all engines ok on tiny, small");
  EXPECT_FALSE(lines[1].ok);
  EXPECT_EQ(scheduler_.submitted, 2);
}

TEST_F(FleetTest, NamesAJobWhoseNumberCanNotBeKept) {
  std::filesystem::create_directories(plan_.state + "/a/job/in the way");
  Fleet fleet = make({"a"});
  try {
    fleet.submit();
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what())
                  .find("could not write the number of job 1 to " + plan_.state + "/a/job: "),
              0U)
        << error.what();
  }
}

TEST_F(FleetTest, ABusyMachineIsNoFailureOfAnEngine) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] {
                             ends("a", "5");
                             scheduler_.status.clear();
                           }});
  EXPECT_EQ(lines[0].state, "measured 2 of 2; the machine was busy on tiny, small");
  EXPECT_FALSE(lines[0].ok);
}

TEST_F(FleetTest, WhatANodeLacksIsReportedAndNothingSubmittedAgain) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] {
                             report("a", "report", "unfit lacks a build for riscv64");
                             scheduler_.status["1"] = {Phase::kEnded, "FAILED", ""};
                           }});
  EXPECT_EQ(lines[0].state, "measured 0 of 2; the node lacks a build for riscv64");
  EXPECT_EQ(scheduler_.submitted, 1);
}

TEST_F(FleetTest, RunAgainItSubmitsWhatIsMissing) {
  Fleet first = make({"a", "b"});
  first.submit();
  ends("a");
  scheduler_.status["1"].phase = Phase::kEnded;
  Fleet second = make({"a", "b", "c"});
  second.submit();  // a is done, b still waits
  EXPECT_EQ(scheduler_.submitted, 3);
  EXPECT_EQ(second.cancel_submitted(), 1U);
  EXPECT_EQ(scheduler_.cancelled, std::vector<std::string>{"3"});
}

TEST_F(FleetTest, WhatALiveJobOfOtherModelsLeavesOutIsSubmittedOnce) {
  const std::vector<FleetModel> both = plan_.models;
  plan_.models = {both[0]};
  make({"a"}).submit();
  report("a", both[1].key + ".failed", "of a job before it");
  plan_.models = both;
  Fleet fleet = make({"a"});
  fleet.submit();
  EXPECT_EQ(scheduler_.submitted, 1);  // the earlier call's job is waited for
  std::vector<std::function<void()>> steps{[&] {
    measures("a", both[0], "0");
    report("a", "report", "ended");
    scheduler_.status["1"].phase = Phase::kEnded;
  }};
  for (int i = 0; i < 8; ++i) steps.push_back([] {});
  steps.push_back([&] {
    ends("a");
    scheduler_.status["2"].phase = Phase::kEnded;
  });
  const auto lines = watch(fleet, steps);
  EXPECT_EQ(scheduler_.submitted, 2);
  EXPECT_EQ(lines[0].state, "measured 2 of 2");
  EXPECT_TRUE(lines[0].ok);
}

TEST_F(FleetTest, AModelThatAJobPassedOverIsNoSuccess) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, std::vector<std::function<void()>>(60, [&] {
                             measures("a", plan_.models[0], "0");
                             report("a", "report", "ended");
                             for (auto& [job, status] : scheduler_.status) {
                               status = {Phase::kEnded, "COMPLETED", ""};
                             }
                           }));
  EXPECT_EQ(scheduler_.submitted, 3);
  EXPECT_EQ(lines[0].state,
            "measured 1 of 2; its job ended early 3 times, the last time with: COMPLETED");
  EXPECT_FALSE(lines[0].ok);
}

TEST_F(FleetTest, AModelThatCouldNotBeMeasuredIsNotTriedAgain) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] {
                             measures("a", plan_.models[0], "0");
                             report("a", plan_.models[1].key + ".failed", "no model");
                             report("a", "report", "ended");
                             scheduler_.status.clear();
                           }});
  EXPECT_EQ(scheduler_.submitted, 1);
  EXPECT_EQ(lines[0].state, "measured 1 of 2; small: no model");
  EXPECT_FALSE(lines[0].ok);
}

TEST_F(FleetTest, WhatHasLostItsResultsIsMeasuredAgain) {
  make({"a"}).submit();
  ends("a");
  scheduler_.status["1"].phase = Phase::kEnded;
  std::filesystem::remove(plan_.output + "/a/small.json");
  make({"a"}).submit();
  EXPECT_EQ(scheduler_.submitted, 2);
  EXPECT_EQ(read_node_report(plan_, "a").done, std::vector<std::string>{"tiny"});
  EXPECT_FALSE(std::filesystem::exists(plan_.state + "/a/small-1.done"));  // which the job obeys
}

TEST_F(FleetTest, AnUnknownTypeSubmitsNothing) {
  scheduler_.refused = "job-name=dnnbench-b";
  Fleet fleet = make({"a", "b"});
  EXPECT_THROW(fleet.submit(), UsageError);
  EXPECT_EQ(scheduler_.submitted, 0);
}

TEST_F(FleetTest, ALostJobIsSubmittedAgain) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lost = [&](const std::string& job) {
    return [this, job] { scheduler_.status[job] = {Phase::kEnded, "NODE_FAIL", ""}; };
  };
  std::vector<std::function<void()>> steps{lost("1")};
  for (int i = 0; i < 8; ++i) steps.push_back([] {});
  steps.push_back([&] {
    ends("a");
    scheduler_.status["2"].phase = Phase::kEnded;
  });
  EXPECT_TRUE(watch(fleet, steps)[0].ok);
  EXPECT_EQ(scheduler_.submitted, 2);
  EXPECT_EQ(notes_.sentences,
            std::vector<std::string>{"a: job 1 ended early (NODE_FAIL); submitting it again"});
}

TEST_F(FleetTest, AJobThatAlwaysEndsEarlyIsGivenUp) {
  Fleet fleet = make({"a"});
  fleet.submit();
  report("a", "job.log", "bash: no space left on device");
  const auto lines = watch(fleet, std::vector<std::function<void()>>(60, [&] {
                             for (auto& [job, status] : scheduler_.status) {
                               status = {Phase::kEnded, "FAILED", ""};
                             }
                           }));
  EXPECT_EQ(scheduler_.submitted, 3);
  EXPECT_EQ(lines[0].state,
            "measured 0 of 2; its job ended early 3 times, the last time with: bash: no space left "
            "on device");
}

TEST_F(FleetTest, ANodeThatSeesNoSharedFolderIsReported) {
  scheduler_.code = kExitNoSharedFolder;
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] { scheduler_.status.clear(); }});
  EXPECT_NE(lines[0].state.find("its node does not see " + plan_.state), std::string::npos);
  EXPECT_EQ(scheduler_.submitted, 1);
}

TEST_F(FleetTest, AJobThatOnlyAPersonCanStartIsGivenUpAndCancelled) {
  Fleet fleet = make({"a"});
  fleet.submit();
  scheduler_.status["1"] = {Phase::kWaiting, "PartitionDown", "", true};
  const auto lines = watch(fleet, {});
  EXPECT_EQ(lines[0].state, "measured 0 of 2; its job could not start: PartitionDown");
  EXPECT_EQ(scheduler_.cancelled, std::vector<std::string>{"1"});
  EXPECT_GE(now_s_, 60);
}

TEST_F(FleetTest, ASchedulerThatIsSilentForAWhileIsWaitedFor) {
  Fleet fleet = make({"a"});
  fleet.submit();
  const auto lines = watch(fleet, {[&] { scheduler_.silent = true; }, [] {}, [] {},
                                   [&] {
                                     scheduler_.silent = false;
                                     ends("a");
                                     scheduler_.status.clear();
                                   }});
  EXPECT_TRUE(lines[0].ok);
  EXPECT_EQ(notes_.sentences.size(), 1U);
  scheduler_.silent = true;
  Fleet again = make({"b"});
  EXPECT_THROW(again.submit(), NoAnswer);
}

TEST(Slurm, ReadsWhatSqueuePrints) {
  const auto jobs = parse_squeue(
      "7|PENDING|Resources|\n8|RUNNING|None|node1\n9|PENDING|PartitionDown|\n"
      "10|PENDING|ReqNodeNotAvail, UnavailableNodes:n1|\n11|NODE_FAIL|NodeDown|\nbroken\n"
      "12|PENDING|AssocGrpJobsLimit|\n");
  EXPECT_EQ(jobs.size(), 6U);
  EXPECT_EQ(jobs.at("7").reason, "Resources");
  EXPECT_FALSE(jobs.at("7").stuck);
  EXPECT_EQ(jobs.at("8").phase, Phase::kRunning);
  EXPECT_EQ(jobs.at("8").node, "node1");
  EXPECT_TRUE(jobs.at("9").stuck);
  EXPECT_FALSE(jobs.at("10").stuck);
  EXPECT_EQ(jobs.at("10").reason, "ReqNodeNotAvail, UnavailableNodes:n1");
  EXPECT_FALSE(jobs.at("12").stuck);
  EXPECT_EQ(jobs.at("11").phase, Phase::kEnded);
}

TEST(BatchScript, QuotesWhatItIsGiven) {
  FleetPlan plan;
  plan.models = {{"it's", "/m/it's.onnx", "k", {}}};
  plan.partition = "queue-{instance}";
  const std::string script = batch_script(plan, "c6g.medium");
  EXPECT_NE(script.find("#SBATCH --partition=queue-c6g.medium\n"), std::string::npos);
  EXPECT_EQ(script.find("#SBATCH --constraint"), std::string::npos);
  EXPECT_NE(script.find("measure 1 'k' 'it'\\''s' '/m/it'\\''s.onnx' ''\n"), std::string::npos);
}

}  // namespace
}  // namespace dnnbench
