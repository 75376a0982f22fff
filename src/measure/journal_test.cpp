// A run that goes on, with scripted engines: what is asked of them again, and what comes out.
#include "measure/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <limits>

#include "core/error.h"
#include "measure/journaled_engine.h"
#include "measure/memory_groups.h"
#include "measure/rounds.h"
#include "measure/scripted_engine.h"
#include "measure/throughput_bench.h"
#include "measure/traffic_rounds.h"
#include "measure/turn_json.h"
#include "testing/files.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

// What came out of a session, by engine.
struct Record {
  bool ended = false;
  Outcome outcome;
  Measured measured;
  EngineFacts facts;
};

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { options_.mode = LatencyOptions{160, 1}; }

  std::string path() const { return folder_ / ".a.journal"; }

  std::string content() const { return read_file(path()); }

  void write(const std::string& text) const { write_file(path(), text); }

  size_t lines() const {
    const std::string text = content();
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  // One after the other, each on a machine that was restarted: its clock begins at 0.
  std::vector<Record> session(double interrupt_after_s = 1e300, const std::string& key = "key") {
    stage_ = Stage();
    stage_.now_s = 5;
    stage_.interrupt_at_s = stage_.now_s + interrupt_after_s;
    Journal journal(path(), key, stage_.surroundings());
    blocks_ = journal.blocks();
    std::vector<Record> records(scripts_.size());
    const ParticipantEnded ended = [&](Participant& participant) {
      records[participant.index] = {true, participant.outcome, participant.measured,
                                    participant.facts};
    };
    const Surroundings surroundings = journal.surroundings();
    Rounds rounds(options_, surroundings, progress_, ended);
    TrafficRounds traffic(options_, surroundings, progress_, ended);
    std::vector<std::string> labels;
    for (size_t i = 0; i < scripts_.size(); ++i) labels.push_back(std::string(1, char('a' + i)));
    GroupParts parts;
    parts.make_engine = [&](size_t index) {
      return std::make_unique<JournaledEngine>(journal, [&, index] {
        if (index == without_log_) throw Error("could not write the log");
        return std::make_unique<ScriptedEngine>(stage_, labels[index], scripts_[index]);
      });
    };
    parts.measure = [&](std::vector<Participant>& group, size_t engines, bool keep_first) {
      if (options_.traffic() != nullptr) return traffic.measure(group);
      rounds.measure(group, engines, keep_first);
    };
    const std::vector<Candidate> candidates(scripts_.size());
    MemoryGroups groups(candidates, labels, parts, surroundings, progress_, ended);
    groups.measure_all();
    if (!surroundings.is_interrupted()) surroundings.commit(false);
    failure_ = journal.failure();
    return records;
  }

  // The same of throughput mode, of two settings.
  ThroughputFound throughput_session(double interrupt_after_s = 1e300) {
    options_.mode = ThroughputOptions();
    options_.budget_s = 100;
    stage_ = Stage();
    stage_.interrupt_at_s = stage_.now_s + interrupt_after_s;
    Journal journal(path(), "key", stage_.surroundings());
    const Surroundings surroundings = journal.surroundings();
    ThroughputParts parts;
    parts.batch_at = [](size_t index) -> std::optional<std::optional<int64_t>> {
      if (index > 0) return std::nullopt;
      return std::optional<int64_t>();
    };
    parts.make_engine = [&](const ThroughputSetting& setting) {
      return std::make_unique<JournaledEngine>(journal, [&, setting] {
        return std::make_unique<ScriptedEngine>(stage_, std::to_string(setting.index),
                                                scripts_[setting.index], setting.candidate.streams);
      });
    };
    const Candidate candidate;
    const std::string label = "engine";
    ThroughputBench bench(options_, candidate, label, 2, parts, surroundings, progress_);
    const ThroughputFound found = bench.measure();
    if (!surroundings.is_interrupted()) surroundings.commit(false);
    return found;
  }

  const TemporaryFolder folder_;
  RunOptions options_;
  std::vector<Script> scripts_{Script(), Script()};
  Stage stage_;
  SilentProgress progress_;
  size_t blocks_ = 0;  // that the journal of the last session had
  std::string failure_;
  std::optional<size_t> without_log_;
};

TEST_F(JournalTest, AnInterruptedRunGoesOn) {
  session(3.5);
  const std::string turns_before = stage_.who("turn");
  ASSERT_GE(turns_before.size(), 4U);
  const size_t whole_blocks = turns_before.size() / 2;
  const auto records = session();
  EXPECT_EQ(blocks_, whole_blocks);
  EXPECT_EQ(stage_.who("prepare"), "ab");
  EXPECT_EQ(stage_.who("turn").size(), 2 * (16 - whole_blocks));
  for (const Record& record : records) {
    EXPECT_TRUE(record.outcome.ok());
    EXPECT_EQ(record.measured.samples.size(), 160U);
    EXPECT_EQ(record.measured.blocks, 16);
    EXPECT_EQ(record.measured.stopped, Stop::kRepeat);
    EXPECT_EQ(record.facts.sessions, 2);
    // A new process is a new start.
    const auto& starts = record.measured.starts;
    EXPECT_EQ(std::count(starts.begin(), starts.end(), static_cast<int64_t>(whole_blocks)), 1);
    for (size_t i = 1; i < record.measured.samples.size(); ++i) {
      EXPECT_GT(record.measured.samples[i].start_s, record.measured.samples[i - 1].start_s);
    }
  }
}

TEST_F(JournalTest, WhatWasCompleteIsNotRepeated) {
  scripts_.push_back(ends(Script(), "prepare", 0, OutcomeKind::kTimedOut));
  const auto first = session();
  const auto again = session();
  EXPECT_EQ(stage_.events, std::vector<std::string>());
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[2].outcome.kind, OutcomeKind::kTimedOut);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(again[i].outcome.ok());
    EXPECT_EQ(again[i].facts.sessions, 1);
    ASSERT_EQ(again[i].measured.samples.size(), first[i].measured.samples.size());
    for (size_t sample = 0; sample < first[i].measured.samples.size(); ++sample) {
      EXPECT_EQ(again[i].measured.samples[sample].start_s,
                first[i].measured.samples[sample].start_s);
      EXPECT_EQ(again[i].measured.samples[sample].duration_s,
                first[i].measured.samples[sample].duration_s);
    }
  }
}

TEST_F(JournalTest, ABudgetIsGoneOnWith) {
  options_.mode = LatencyOptions();
  options_.budget_s = 4;
  options_.confidence = 0.999;
  options_.precision_target = 0;
  scripts_[1].jitter = 0.2;
  const size_t turns = [&] {
    const auto whole = session();
    const size_t count = stage_.who("turn").size();
    std::filesystem::remove(path());
    return count;
  }();
  session(5);
  const size_t before = stage_.who("turn").size() / 2 * 2;
  ASSERT_GT(before, 0U);
  const auto records = session();
  EXPECT_NEAR(static_cast<double>(before + stage_.who("turn").size()), static_cast<double>(turns),
              2);
  EXPECT_EQ(records[0].measured.stopped, Stop::kBudget);
}

TEST_F(JournalTest, AnEngineThatHadEndedIsNotLoadedAgain) {
  scripts_[1] = ends(Script(), "turn", 3);
  session(8);
  ASSERT_GT(stage_.who("turn").size(), 8U);
  const auto records = session();
  EXPECT_EQ(stage_.who("prepare"), "a");
  EXPECT_EQ(records[1].outcome.kind, OutcomeKind::kCrashed);
  EXPECT_TRUE(records[0].outcome.ok());
}

TEST_F(JournalTest, AnErrorOfALaterEngineIsGoneOnWith) {
  scripts_ = {Script(), Script(), Script()};
  without_log_ = 1;
  session(2.5);
  ASSERT_GT(stage_.who("turn").size(), 0U);
  without_log_.reset();
  const auto records = session();
  EXPECT_GT(blocks_, 0U);
  EXPECT_EQ(stage_.who("prepare").find('b'), std::string::npos);
  EXPECT_EQ(records[1].outcome.reason, "could not write the log");
  EXPECT_TRUE(records[0].outcome.ok() && records[2].outcome.ok());
}

TEST_F(JournalTest, ATornLineIsMeasuredAgain) {
  session();
  const std::string whole = content();
  const size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (const size_t size : {whole.size() - 1, last + 5, last + 1}) {
    write(whole.substr(0, size));
    const auto records = session();
    EXPECT_EQ(records[0].measured.samples.size(), 160U);
    EXPECT_FALSE(failure_.size());
    EXPECT_GE(lines(), static_cast<size_t>(std::count(whole.begin(), whole.end(), '\n')) - 1);
  }
}

TEST_F(JournalTest, WhatFollowsADamagedLineIsMeasuredAgain) {
  session();
  std::string text = content();
  size_t at = 0;
  for (int line = 0; line < 8; ++line) at = text.find('\n', at) + 1;
  text[at + 40] ^= 1;
  write(text);
  const auto records = session();
  EXPECT_LT(blocks_, 8U);
  EXPECT_GT(blocks_, 2U);
  EXPECT_EQ(stage_.who("turn").size(), 2 * (16 - blocks_));
  EXPECT_EQ(records[1].measured.samples.size(), 160U);
}

TEST_F(JournalTest, ALineThatIsMissingIsNoticed) {
  session();
  const std::string text = content();
  size_t at = 0;
  for (int line = 0; line < 8; ++line) at = text.find('\n', at) + 1;
  write(text.substr(0, at) + text.substr(text.find('\n', at) + 1));
  session();
  EXPECT_LT(blocks_, 8U);
}

TEST_F(JournalTest, AnotherRunsJournalIsNotMixedIn) {
  session(4);
  session(1e300, "another key");
  EXPECT_EQ(blocks_, 0U);
  EXPECT_EQ(stage_.who("turn").size(), 32U);
  session();
  EXPECT_EQ(blocks_, 0U);
}

TEST_F(JournalTest, OneOfTwoDaysAgoIsNotGoneOnWith) {
  session(4);
  const timespec old{std::time(nullptr) - 2 * 24 * 3600, 0};
  const timespec times[2] = {old, old};
  utimensat(AT_FDCWD, path().c_str(), times, 0);
  session();
  EXPECT_EQ(blocks_, 0U);
}

TEST_F(JournalTest, OneThatDoesNotFitIsNoticedBeforeAnythingIsMeasured) {
  session();
  scripts_.push_back(Script());
  EXPECT_THROW(session(), JournalUnfit);
  EXPECT_EQ(stage_.who("turn"), "");
}

// As a full disk does: no file of this process may grow beyond that.
TEST_F(JournalTest, AFullDiskDoesNotEndTheRun) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto at_limit = signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{15'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto records = session();
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, at_limit);
  EXPECT_EQ(records[0].measured.samples.size(), 160U);
  EXPECT_NE(failure_.find("could not go on writing the journal " + path()), std::string::npos);
  session();  // from what had been kept by then
  EXPECT_GT(blocks_, 0U);
  EXPECT_LT(blocks_, 16U);
}

TEST_F(JournalTest, TrafficGoesOn) {
  options_.mode = TrafficOptions{100, std::nullopt, std::nullopt};
  options_.budget_s = 60;
  for (Script& script : scripts_) script.time_s = 0.002;
  const auto whole = session();
  const size_t turns = stage_.who("turn").size();
  std::filesystem::remove(path());
  session(20);
  const size_t before = stage_.who("turn").size();
  ASSERT_GT(before, 0U);
  ASSERT_LT(before, turns);
  const auto records = session();
  EXPECT_EQ(before + stage_.who("turn").size(), turns);
  ASSERT_TRUE(records[0].measured.traffic);
  EXPECT_EQ(records[0].measured.samples.size(), whole[0].measured.samples.size());
}

TEST_F(JournalTest, ThroughputGoesOn) {
  const ThroughputFound whole = throughput_session();
  const size_t turns = stage_.who("turn").size();
  std::filesystem::remove(path());
  throughput_session(3);
  const size_t before = stage_.who("turn").size();
  ASSERT_LT(before, turns);
  const ThroughputFound found = throughput_session();
  EXPECT_EQ(before + stage_.who("turn").size(), turns);
  EXPECT_EQ(found.setting->candidate.streams, whole.setting->candidate.streams);
  EXPECT_TRUE(found.measured.throughput->complete);
}

// It was loaded again, and its last inference is the warm-up's.
TEST_F(JournalTest, ABestSettingThatOnlyWarmedUpIsNotVerified) {
  throughput_session(5.5);  // within the first block of the second setting
  EXPECT_EQ(stage_.who("turn").substr(10), "01");
  scripts_[1] = ends(Script(), "prepare", 0);
  const ThroughputFound found = throughput_session();
  EXPECT_EQ(stage_.who("prepare"), "01");
  EXPECT_EQ(stage_.who("turn"), "");
  EXPECT_EQ(stage_.who("verify"), "");
  EXPECT_TRUE(found.outcome.ok());
  EXPECT_EQ(found.setting->index, 0U);
}

TEST(TurnJson, LosesNothing) {
  LatencyTurn turn;
  turn.cpu_s = 0.1;
  turn.noise.lowest_mhz = 2400.5;
  turn.noise.waited_s = 1e-9;
  turn.disturbance = "other programs used 0.80 cores";
  turn.dropped = 3;
  turn.gpu = GpuTurn{.throttle = 4, .energy_j = 0.1 + 0.2, .compute_s = {1.0 / 3}};
  turn.start_s = {1234.000000123, 1234.1};
  turn.duration_s = {0.1 + 0.2, 1.0 / 3};
  const nlohmann::json once = turn;
  const nlohmann::json again = nlohmann::json::parse(once.dump()).get<LatencyTurn>();
  EXPECT_EQ(once, again);
  EXPECT_EQ(again.get<LatencyTurn>().gpu->energy_j, turn.gpu->energy_j);
  EXPECT_EQ(again.get<LatencyTurn>().duration_s, turn.duration_s);
}

template <typename Value>
Value through_json(const Value& value) {
  return nlohmann::json::parse(nlohmann::json(value).dump()).template get<Value>();
}

TEST(TurnJson, KeepsWhatAnEngineReports) {
  EngineFacts facts;
  facts.load = {"1.2", 0.1, 0.2, 0.3, 0.4, InForce{"f32", 2, {{"CPU", 7}}, {{"a", "b"}}}, 0.5, "c"};
  facts.warmup = 3;
  facts.steady = true;
  facts.restart_warmup = 4;
  facts.process_cores = {{0, 1}, {2}};
  facts.peak_rss_bytes = 12345678901;
  facts.sessions = 2;
  const EngineFacts read = through_json(facts);
  EXPECT_EQ(read.load.engine_version, "1.2");
  EXPECT_EQ(read.load.convert_s, 0.1);
  EXPECT_EQ(read.load.compile_s, 0.2);
  EXPECT_EQ(read.load.tune_s, 0.3);
  EXPECT_EQ(read.load.load_s, 0.4);
  EXPECT_EQ(read.load.in_force->precision, "f32");
  EXPECT_EQ(read.load.in_force->threads, 2);
  EXPECT_EQ(read.load.in_force->placement.at(0).nodes, 7);
  EXPECT_EQ(read.load.in_force->settings, facts.load.in_force->settings);
  EXPECT_EQ(read.load.first_run_s, 0.5);
  EXPECT_EQ(read.load.converted_path, "c");
  EXPECT_EQ(read.warmup, 3);
  EXPECT_EQ(read.steady, true);
  EXPECT_EQ(read.restart_warmup, 4);
  EXPECT_EQ(read.process_cores, facts.process_cores);
  EXPECT_EQ(read.peak_rss_bytes, 12345678901);
  EXPECT_EQ(read.sessions, 2);
  EXPECT_FALSE(read.accuracy);
  EXPECT_FALSE(through_json(EngineFacts()).load.in_force);
}

TEST(TurnJson, KeepsAVerification) {
  const Verification read = through_json(
      Verification{Verdict::kWrong, "r", 0.1, 0.2, 0.3, 0.4, 9, 0.5,
                   Tolerance{ToleranceClass::kBf16, 1e-3, 1e-2, 1e-4}, 0.6,
                   SecondOpinion{ReferenceState::kWrong, "w", true, 1, 2, 3, 4, {"Add"}}});
  EXPECT_EQ(read.verdict, Verdict::kWrong);
  EXPECT_EQ(read.reason, "r");
  EXPECT_EQ(read.max_abs_error, 0.1);
  EXPECT_EQ(read.max_rel_error, 0.2);
  EXPECT_EQ(read.norm_error, 0.3);
  EXPECT_EQ(read.cosine, 0.4);
  EXPECT_EQ(read.differing_elements, 9);
  EXPECT_EQ(read.top1_agreement, 0.5);
  EXPECT_EQ(read.smallest_detected_error, 0.6);
  EXPECT_EQ(read.tolerance->tolerance_class, ToleranceClass::kBf16);
  EXPECT_EQ(read.tolerance->absolute, 1e-3);
  EXPECT_EQ(read.tolerance->relative, 1e-2);
  EXPECT_EQ(read.tolerance->norm, 1e-4);
  EXPECT_EQ(read.second_opinion->reference, ReferenceState::kWrong);
  EXPECT_EQ(read.second_opinion->reason, "w");
  EXPECT_TRUE(read.second_opinion->disagreed);
  EXPECT_EQ(read.second_opinion->nodes, 1);
  EXPECT_EQ(read.second_opinion->nodes_checked, 2);
  EXPECT_EQ(read.second_opinion->elements, 3);
  EXPECT_EQ(read.second_opinion->elements_checked, 4);
  EXPECT_EQ(read.second_opinion->unchecked_operators, std::vector<std::string>{"Add"});
}

TEST(TurnJson, KeepsAnAccuracyThatIsInfinite) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EngineFacts facts;
  facts.accuracy = {5, true, 0.1, kInfinity, 0.9, 0.8, Drop{"top5", 7, 1, 2, 3}, "n"};
  const Accuracy read = through_json(facts).accuracy.value();
  EXPECT_EQ(read.samples, 5U);
  EXPECT_TRUE(read.given);
  EXPECT_EQ(read.median_error, 0.1);
  EXPECT_EQ(read.max_error, kInfinity);
  EXPECT_EQ(read.min_cosine, 0.9);
  EXPECT_EQ(read.top1_agreement, 0.8);
  EXPECT_EQ(read.drop->metric, "top5");
  EXPECT_EQ(read.drop->rows, 7U);
  EXPECT_EQ(read.drop->f32, 1);
  EXPECT_EQ(read.drop->lost, 2);
  EXPECT_EQ(read.drop->gained, 3);
  EXPECT_EQ(read.no_drop, "n");
}

TEST(TurnJson, KeepsAnOutcome) {
  const Outcome read = through_json(Outcome{OutcomeKind::kTimedOut, "slow"});
  EXPECT_EQ(read.kind, OutcomeKind::kTimedOut);
  EXPECT_EQ(read.reason, "slow");
}

}  // namespace
}  // namespace dnnbench
