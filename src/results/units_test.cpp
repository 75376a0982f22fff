#include "results/units.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(Units, SecondsHaveThreeDigitsAndTheNearestUnit) {
  EXPECT_EQ(format_seconds(1.4321), "1.43 s");
  EXPECT_EQ(format_seconds(0.03294), "32.9 ms");
  EXPECT_EQ(format_seconds(0.000123456), "123 us");
  EXPECT_EQ(format_seconds(0.00000087), "870 ns");
  EXPECT_EQ(format_seconds(0.9999), "1.00 s");
  EXPECT_EQ(format_seconds(0), "0 ns");
}

TEST(Units, BytesAreInPowersOfTen) {
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(312'400'000), "312 MB");
  EXPECT_EQ(format_bytes(1'230'000'000), "1.23 GB");
}

TEST(Units, RatesAreNeverInExponentForm) {
  EXPECT_EQ(format_rate(30.44), "30.4");
  EXPECT_EQ(format_rate(123456), "123456");
  EXPECT_EQ(format_rate(0.01234), "0.0123");
}

}  // namespace
}  // namespace dnnbench
