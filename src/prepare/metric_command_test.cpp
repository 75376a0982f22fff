#include "prepare/metric_command.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

constexpr double kTimeout_s = 60;

std::vector<Value> outputs(const std::string& first, const std::string& second) {
  std::vector<Value> values;
  for (const std::string& name : {first, second}) {
    values.push_back(make_value(name, make_tensor(DataType::kFloat32, {1, 2})));
  }
  return values;
}

TEST(MetricCommand, GetsAFilePerOutput) {
  const MetricCommand metric(R"(test -f "$1/a_0.npy" && test -f "$1/b.npy" && echo 0.5 #)", {3}, "",
                             kTimeout_s);
  const std::vector<Value> sample = outputs("a:0", "b");
  EXPECT_EQ(metric.scores({&sample}), std::vector<double>{0.5});
}

TEST(MetricCommand, RefusesOutputsThatWouldBeInOneFile) {
  const MetricCommand metric("echo 1 #", {3}, "", kTimeout_s);
  const std::vector<Value> sample = outputs("a:0", "a_0");
  try {
    metric.scores({&sample});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "the command of --metric (echo 1 #): the outputs \"a:0\" and \"a_0\" would both be "
        "in a_0.npy; rename one of them");
  }
}

}  // namespace
}  // namespace dnnbench
