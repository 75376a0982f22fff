#include "module.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "failure.h"
#include "helpers.h"
#include "testing/temporary_folder.h"

namespace dnnbench::pytorch {
namespace {

Program program(const std::string& line) {
  Program program;
  program.source = "def forward(self, x0: Tensor):\n  return " + line + "\n";
  return program;
}

Value floats(const std::vector<float>& values) {
  Tensor tensor = make_tensor(DataType::kFloat32, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return make_value("x", tensor);
}

std::vector<double> run(Module& module, const Value& input) {
  module.set_inputs({input});
  module.run();
  const std::vector<import::Parameter> outputs{{"y", {}}};
  return to_doubles(module.outputs(outputs).front().tensor());
}

TEST(Module, ComputesTheSameBeforeAndAfterOptimisation) {
  Program with_weights = program("torch.exp(x0) + self.w");
  with_weights.constants.emplace_back("w", import::make_constant(floats({1, 2}).tensor()));
  Module module(with_weights);
  const std::vector<double> before = run(module, floats({0, 0}));
  module.optimize();
  EXPECT_EQ(before, (std::vector<double>{2, 3}));
  EXPECT_EQ(run(module, floats({0, 0})), before);
  EXPECT_GT(module.facts().nodes, 0);
  EXPECT_EQ(module.facts().devices, (std::set<std::string>{"CPU"}));
}

TEST(Module, ASavedOneIsLoadedAgain) {
  const TemporaryFolder folder;
  const std::string path = folder / "module.pt";
  Program with_weights = program("x0 * self.w");
  with_weights.constants.emplace_back("w", import::make_constant(floats({3, 4}).tensor()));
  Module(with_weights).save(path);
  Module loaded(path);
  EXPECT_EQ(run(loaded, floats({2, 2})), (std::vector<double>{6, 8}));
}

TEST(Module, FailuresHaveTheirKind) {
  EXPECT_THROW(Module(program("torch.no_such_function(x0)")), Error);
  EXPECT_THROW(rethrow(std::runtime_error("\"addmm\" not implemented for 'Half'")), Unsupported);
  EXPECT_THROW(rethrow(std::runtime_error("DefaultCPUAllocator: can't allocate memory")),
               std::bad_alloc);
  EXPECT_THROW(rethrow(std::runtime_error("sizes differ")), Error);
}

TEST(Module, AnErrorInAHelperLeavesTheProcessAlive) {
  const std::string index = "torch.full([1, 1], 9, dtype=4)";
  for (const std::string name : {"gather", "gather_nd"}) {
    Program fails = program(fmt::format("self.{}(x0.reshape([1, 2]), {}, 1)", name, index));
    for (const std::string& one : with_needed(name)) {
      fails.source = find_helper(one).source + fails.source;
    }
    Module module(fails);
    module.optimize();
    EXPECT_THROW(run(module, floats({1, 2})), Error) << name;
  }
}

// A helper that the compiler refuses would only be found by a model that needs it.
TEST(Helpers, AllCompile) {
  for (const std::string& name : helper_names()) {
    Program all = program("x0");
    for (const std::string& one : with_needed(name))
      all.source = find_helper(one).source + all.source;
    EXPECT_NO_THROW(Module{all}) << name;
  }
}

TEST(Library, SaysItsVersionAndTakesThreads) {
  EXPECT_EQ(library_version().substr(0, 2), "2.");
  set_threads(2);
  EXPECT_EQ(threads(), 2);
  set_threads(1);
  EXPECT_EQ(threads(), 1);
}

}  // namespace
}  // namespace dnnbench::pytorch
