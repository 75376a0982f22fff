// dnnbench-conformance CASES: runs the ONNX node tests in that folder on the engines of this build.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "formulas.h"
#include "process/engine_session.h"
#include "report.h"

namespace {

using namespace dnnbench;

struct Options {
  std::string cases;
  std::vector<std::string> engines;  // none: all but the tests' own and those that compile
  std::string form;                  // "inputs" or "constants"; "" both
  size_t sample = 0;
  uint64_t seed = 1;
  double tolerance = kNodeTestTolerance;
  std::string known_file;
  std::string json_file;
  std::string document_file;
  bool accept = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("CASES", options.cases, "folder of the unpacked node tests")->required();
  auto* engines = app.add_option("--engine", options.engines, "engines to run");
  auto* form = app.add_option("--form", options.form,
                              "run this form of the tests only: inputs, or constants (all inputs "
                              "but the first are initializers)")
                   ->check(CLI::IsMember({"inputs", "constants"}));
  auto* sample =
      app.add_option("--sample", options.sample, "run so many tests only, in both forms");
  app.add_option("--seed", options.seed, "which ones");
  app.add_option("--tolerance", options.tolerance, "relative, of the elements of outputs");
  app.add_option("--known", options.known_file, "known failures; anything else is reported");
  app.add_flag("--accept", options.accept, "write the known failures instead of comparing")
      ->excludes(engines)
      ->excludes(form)
      ->excludes(sample);
  app.add_option("--json", options.json_file, "write every test's outcome there");
  app.add_option("--document", options.document_file, "write the table of operators there");
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error("can't write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("can't read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// All of this build but the tests' own, those for GPUs, ONNX Runtime's other packages, and those
// that compile ahead: that takes seconds per model, an hour and a half for all of them;
// --engine=NAME asks for it.
std::vector<std::string> engines_to_run(const Options& options, const WorkFolder& work) {
  if (!options.engines.empty()) return options.engines;
  std::vector<std::string> engines = built_engines();
  const auto is_left_out = [&](const std::string& engine) {
    const bool is_variant = engine.rfind("onnxruntime-", 0) == 0 || engine == "tensorrt";
    return engine == "fake" || is_variant || greet(engine, work).compiles_ahead;
  };
  engines.erase(std::remove_if(engines.begin(), engines.end(), is_left_out), engines.end());
  return engines;
}

int report(const Options& options, const std::vector<ConformanceCase>& cases,
           const std::vector<EngineSweep>& sweeps) {
  fmt::print("{}", totals(cases, sweeps));
  if (!options.json_file.empty()) write_file(options.json_file, to_json(sweeps));
  if (!options.document_file.empty()) {
    write_file(options.document_file, operators_document(cases, sweeps));
  }
  if (options.known_file.empty()) return 0;
  if (options.accept) {
    write_file(options.known_file, known_failures(cases, sweeps));
    return 0;
  }
  const std::vector<std::string> unexpected = surprises(sweeps, read_file(options.known_file));
  for (const std::string& sentence : unexpected) fmt::print("{}\n", sentence);
  return unexpected.empty() ? 0 : 1;
}

std::vector<ConformanceCase> read_cases(const Options& options, const std::string& work_folder) {
  std::vector<ConformanceCase> cases;
  for (const std::string& name : sample(list_cases(options.cases), options.sample, options.seed)) {
    ConformanceCase test = read_case(options.cases, name);
    test.tolerance = options.tolerance;
    const auto constant = with_constants(test, work_folder);
    if (options.form != "constants") cases.push_back(test);
    if (options.form != "inputs" && constant) cases.push_back(*constant);
  }
  return cases;
}

// Whether the formulas agree with every test's expected outputs.
bool formulas_agree(const Options& options) {
  const FormulaSweep sweep = sweep_formulas(options.cases);
  fmt::print("formulas: {} of {} outputs right, {} operators\n",
             sweep.outputs_checked - static_cast<int64_t>(sweep.wrong.size()),
             sweep.outputs_checked, sweep.operators.size());
  for (const std::string& sentence : sweep.wrong) fmt::print("{}\n", sentence);
  return sweep.wrong.empty();
}

int run(const Options& options) {
  if (!formulas_agree(options)) return 1;
  const WorkFolder work_folder;
  const std::vector<ConformanceCase> cases = read_cases(options, work_folder.path());
  std::vector<EngineSweep> sweeps;
  for (const std::string& engine : engines_to_run(options, work_folder)) {
    const Hello hello = greet(engine, work_folder);
    sweeps.push_back({engine, hello.version,
                      run_sweep(engine, hello.imports, cases, work_folder.path()), hello.imports});
  }
  return report(options, cases, sweeps);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the ONNX node tests on the engines of this build.", "dnnbench-conformance");
  Options options;
  declare(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "dnnbench-conformance: {}\n", error.what());
    return 1;
  }
}
