#include "traffic/stream_settings.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

using Settings = std::vector<StreamSetting>;

TEST(StreamSettings, UseAllCores) {
  EXPECT_EQ(stream_settings(1, {}, 0), (Settings{{1, 1}}));
  EXPECT_EQ(stream_settings(2, {}, 0), (Settings{{1, 2}, {2, 1}}));
  EXPECT_EQ(stream_settings(4, {}, 0), (Settings{{1, 4}, {2, 2}, {4, 1}}));
  EXPECT_EQ(stream_settings(6, {}, 0), (Settings{{1, 6}, {2, 3}, {4, 1}, {6, 1}}));
}

TEST(StreamSettings, AreThoseThatWereAskedFor) {
  EXPECT_EQ(stream_settings(4, {1, 2, 8}, 0), (Settings{{4, 1}, {2, 2}, {1, 8}}));
  EXPECT_EQ(stream_settings(4, {}, 3), (Settings{{3, 1}}));
  EXPECT_EQ(stream_settings(4, {1, 2}, 2), (Settings{{2, 1}, {2, 2}}));
}

TEST(CommonRate, OfOneStreamIsItsOwn) {
  EXPECT_DOUBLE_EQ(common_rate_per_s({{{10, 10.5, 11}, {0.5, 0.5, 0.5}}}), 2);
}

TEST(CommonRate, CountsTheWindowInWhichAllWork) {
  // The second begins later and ends earlier; of the first, half of two inferences lies outside.
  const StreamTimes first{{0, 1, 2, 3}, {1, 1, 1, 1}}, second{{0.5, 2}, {1.5, 1.5}};
  EXPECT_DOUBLE_EQ(common_rate_per_s({first, second}), (3 + 2) / 3.0);
}

TEST(CommonRate, PausesBetweenInferencesCount) {
  EXPECT_DOUBLE_EQ(common_rate_per_s({{{0, 1}, {0.5, 0.5}}}), 2 / 1.5);
}

TEST(CommonRate, OfStreamsThatNeverMeetIsNothing) {
  EXPECT_EQ(common_rate_per_s({{{0}, {1}}, {{2}, {1}}}), 0);
}

}  // namespace
}  // namespace dnnbench
