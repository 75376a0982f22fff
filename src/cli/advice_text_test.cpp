#include "cli/advice_text.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

Deployable candidate(const std::string& instance, double usd_per_hour, double throughput_per_s) {
  Deployable candidate;
  candidate.what = {instance, "openvino", "cpu-threads=1"};
  candidate.label = "openvino, 1 thread";
  candidate.usd_per_hour = usd_per_hour;
  candidate.speed = published_speed(throughput_per_s);
  candidate.verified = true;
  return candidate;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::string text_of(const std::vector<Deployable>& candidates, const Demand& demand) {
  const Selection selection{candidates, {}, {}};
  return advice_text({"tiny", demand, "prices.csv", {}, {}}, find_plans(selection, demand));
}

TEST(AdviceText, TheAnswerComesFirst) {
  const auto lines = lines_of(text_of({candidate("a", 0.25, 10), candidate("b", 0.5, 20)}, {15}));
  EXPECT_EQ(lines[0], "15 inferences/s of tiny: 1x b with openvino, 1 thread, $0.500 per hour.");
  EXPECT_EQ(lines[1],
            "The cheapest on another machine type is 2x a with openvino, 1 thread, $0.500 per "
            "hour, the same price.");
  EXPECT_EQ(lines[2].substr(0, 31), "Only its mean time is known: th");
  EXPECT_EQ(lines[5],
            "1x b  openvino, 1 thread  0.500          1.00x       9.26        20.0          75%  "
            "~125 ms mean");
}

TEST(AdviceText, WhatAllPlansHaveIsNotSaidInEveryRow) {
  Deployable a = candidate("a", 1, 10), b = candidate("b", 2, 100);
  a.verified = b.verified = false;
  const std::string text = text_of({a, b}, {9});
  EXPECT_EQ(text.find("unverified"), std::string::npos);
  EXPECT_NE(text.find("  busy\n"), std::string::npos);
  EXPECT_NE(text.find("busy: utilisation above 80 %"), std::string::npos);
  EXPECT_NE(text.find("not compared with a reference"), std::string::npos);
}

TEST(AdviceText, ExplainsTheTermsThatOccurAndNoOthers) {
  const auto explains = [](const std::string& text, const char* term) {
    return text.find(std::string("\n") + term + ": ") != std::string::npos;
  };
  const std::string idle = text_of({candidate("a", 1, 100), candidate("b", 2, 100)}, {9});
  EXPECT_TRUE(explains(idle, "p99 ~ mean"));
  for (const char* term : {"p99 ~", "p99 unknown", "p99 unbounded", "busy", "unverified"}) {
    EXPECT_FALSE(explains(idle, term)) << term;
  }
  Deployable unverified = candidate("b", 2, 100);
  unverified.verified = false;
  const std::string mixed = text_of({candidate("a", 1, 10), unverified}, {9});
  for (const char* term : {"p99 ~ mean", "busy", "unverified"}) {
    EXPECT_TRUE(explains(mixed, term)) << term << mixed;
  }
}

TEST(AdviceText, ManyPlansAreCounted) {
  std::vector<Deployable> many;
  for (int i = 0; i < 20; ++i) many.push_back(candidate("type" + std::to_string(i), 1 + i, 10));
  EXPECT_NE(text_of(many, {1}).find("... and 5 more; --json has all\n"), std::string::npos);
}

TEST(AdviceText, WithoutAPlanTheNearestTargetIsRoundedToWhereItIsPossible) {
  const Demand demand{40, 0.01, 0, 3};
  const auto lines = lines_of(text_of({candidate("a", 1, 16.6667)}, demand));
  EXPECT_EQ(lines[0], "40 inferences/s of tiny within 0.01 s on at most 3 instances: no plan.");
  EXPECT_EQ(lines[1], "Nearest possible: 40/s within 0.18 s.");
}

TEST(AdviceText, AFreeMachineHasNoRatio) {
  const std::string text = text_of({candidate("own", 0, 10), candidate("a", 1, 10)}, {5});
  EXPECT_NE(
      text.find("The cheapest on another machine type is 1x a with openvino, 1 thread, $1.000 per "
                "hour.\n"),
      std::string::npos);
}

TEST(AdviceText, StepsThatDifferInTheCountAloneShareALine) {
  const Selection selection{{candidate("a", 1, 10), candidate("b", 2.5, 40)}, {}, {}};
  const Demand demand{100};
  const auto lines =
      lines_of(sweep_text({"tiny", demand, "prices.csv", {}, {}}, sweep(selection, demand)));
  EXPECT_EQ(lines[3].substr(0, 27), "      0       20  1 to 2x a");
  EXPECT_EQ(lines[4].substr(0, 27), "     20      100  1 to 3x b");
  EXPECT_EQ(lines[6], "Above 20/s the machine type is b.");
}

TEST(AdviceText, StepsHaveTheNotesOfTheirPlans) {
  Deployable unverified = candidate("a", 1, 10);
  unverified.verified = false;
  const Selection selection{{unverified, candidate("b", 2.5, 40)}, {}, {}};
  const Demand demand{100};
  const std::string text =
      sweep_text({"tiny", demand, "prices.csv", {}, {}}, sweep(selection, demand));
  const auto lines = lines_of(text);
  EXPECT_TRUE(lines[3].ends_with("  unverified")) << text;
  EXPECT_NE(text.find("\nAll plans: only the mean time is known"), std::string::npos) << text;
  EXPECT_NE(text.find("\nunverified: outputs were not compared with a reference.\n"),
            std::string::npos);
  EXPECT_EQ(text.find("busy:"), std::string::npos) << text;  // full at its end, as every step is
}

}  // namespace
}  // namespace dnnbench
