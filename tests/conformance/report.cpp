#include "report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "core/error.h"

namespace dnnbench {
namespace {

struct Count {
  int passed = 0;
  int total = 0;

  void add(const Outcome& outcome) {
    passed += outcome.ok() ? 1 : 0;
    ++total;
  }
  std::string text() const { return fmt::format("{}/{}", passed, total); }
};

using Names = std::map<std::string, std::vector<std::string>>;  // reason to the tests that give it

std::string short_name(const std::string& test) { return test.substr(std::string("test_").size()); }

bool is_constants(const std::string& test) { return test.ends_with(kConstantsSuffix); }

// Of a test of the second form, the first.
std::string first_form(const std::string& test) {
  return test.substr(0, test.size() - std::strlen(kConstantsSuffix));
}

// A test that gives this reason in both forms, or has one, goes by its name alone; a form that does
// so alone is named.
std::vector<std::string> fold_forms(const std::vector<std::string>& tests, const Sweep& sweep) {
  const std::set<std::string> all(tests.begin(), tests.end());
  std::vector<std::string> names;
  for (const std::string& test : tests) {
    if (is_constants(test)) {
      if (all.count(first_form(test)) == 0) names.push_back(short_name(test));
    } else {
      const std::string other = test + kConstantsSuffix;
      const bool alone = sweep.count(other) != 0 && all.count(other) == 0;
      names.push_back(short_name(test) + (alone ? ":inputs" : ""));
    }
  }
  return names;
}

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// The reason with names, numbers and the rest of a long message left out, so that tests that fail
// for one reason come together.
std::string gist(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kWrongOutput) {
    const size_t differ = outcome.reason.find("elements differ");
    return differ == std::string::npos ? "another element type, shape or kind of output"
                                       : outcome.reason.substr(differ);
  }
  static const std::regex kPath("[^ ]*/test_[a-z0-9_]+/model.onnx");
  static const std::regex kNumbered("_[0-9]{2,}");
  constexpr size_t kLongest = 160;
  std::string text = std::regex_replace(outcome.reason, kPath, "the model");
  text = std::regex_replace(text, kNumbered, "");
  std::replace(text.begin(), text.end(), '|', '/');
  if (text.size() > kLongest) text = text.substr(0, text.rfind(' ', kLongest)) + " ...";
  return text;
}

bool depends_on_machine(const Outcome& outcome) {
  return outcome.reason.find(kByLittle) != std::string::npos ||
         outcome.reason.find("Failed to construct locale") != std::string::npos;
}

std::string engine_line(const std::vector<ConformanceCase>& cases, const EngineSweep& engine) {
  Count tensors, others;
  std::map<std::string_view, int> outcomes;
  int random = 0;
  for (const ConformanceCase& test : cases) {
    const Outcome& outcome = engine.sweep.at(test.name);
    (test.tensors_only ? tensors : others).add(outcome);
    if (outcome.ok()) continue;
    ++outcomes[to_string(outcome.kind)];
    random += test.random ? 1 : 0;
  }
  std::vector<std::string> failures;
  for (const auto& [kind, count] : outcomes) failures.push_back(fmt::format("{} {}", kind, count));
  return fmt::format("{} {}: {} of tensors, {} with sequences or optionals; not passed: {}{}\n",
                     engine.engine, engine.version, tensors.text(), others.text(),
                     failures.empty() ? "none" : join(failures, ", "),
                     random == 0 ? "" : fmt::format(" ({} with random outputs)", random));
}

// Element types that a library has no tensors of.
const std::map<std::string, std::set<DataType>>& lacked_types() {
  static const std::map<std::string, std::set<DataType>> kLacked = [] {
    const std::set<DataType> tiny{DataType::kFloat8E4M3FN, DataType::kFloat8E4M3FNUZ,
                                  DataType::kFloat8E5M2,   DataType::kFloat8E5M2FNUZ,
                                  DataType::kFloat8E8M0,   DataType::kFloat4E2M1,
                                  DataType::kUint4,        DataType::kInt4};
    std::set<DataType> tiny_and_string = tiny;
    tiny_and_string.insert(DataType::kString);
    return std::map<std::string, std::set<DataType>>{{"pytorch", tiny_and_string},
                                                     {"tensorflow", tiny}};
  }();
  return kLacked;
}

bool lacks_type(const std::string& engine, const ConformanceCase& test) {
  const auto lacked = lacked_types().find(engine);
  if (lacked == lacked_types().end()) return false;
  return std::any_of(test.types.begin(), test.types.end(),
                     [&](DataType type) { return lacked->second.count(type) != 0; });
}

// Of the tests that `reference` passes.
std::string importer_line(const std::vector<ConformanceCase>& cases, const EngineSweep& engine,
                          const EngineSweep& reference) {
  Count tensors, others, left_out;
  for (const ConformanceCase& test : cases) {
    if (!reference.sweep.at(test.name).ok()) continue;
    Count& count = lacks_type(engine.engine, test) ? left_out
                   : test.tensors_only             ? tensors
                                                   : others;
    count.add(engine.sweep.at(test.name));
  }
  return fmt::format(
      "{0}, of the tests that {1} passes: {2} of tensors ({3:.1f} %), {4} with sequences or "
      "optionals; "
      "left out {5} of element types that {0} lacks\n",
      engine.engine, reference.engine, tensors.text(),
      tensors.total == 0 ? 0 : 100.0 * tensors.passed / tensors.total, others.text(),
      left_out.total);
}

// "8/8, 6/6": passed/all of the first form and, where there is one, of the second.
std::string operator_cell(const std::vector<const ConformanceCase*>& tests, const Sweep& sweep) {
  Count inputs, constants;
  for (const ConformanceCase* test : tests) {
    (test->form == Form::kInputs ? inputs : constants).add(sweep.at(test->name));
  }
  std::string text = inputs.text();
  if (constants.total > 0) text += ", " + constants.text();
  const bool all = inputs.passed == inputs.total && constants.passed == constants.total;
  return all ? text : fmt::format("**{}**", text);
}

void append_operator_table(const std::vector<ConformanceCase>& cases,
                           const std::vector<EngineSweep>& sweeps, std::string& document) {
  std::map<std::string, std::vector<const ConformanceCase*>> tests_of;
  for (const ConformanceCase& test : cases) tests_of[test.op].push_back(&test);
  document += "| operator | opsets |";
  for (const EngineSweep& engine : sweeps) document += fmt::format(" {} |", engine.engine);
  document += "\n|---|---|";
  for (size_t i = 0; i < sweeps.size(); ++i) document += "---|";
  document += "\n";
  for (const auto& [op, tests] : tests_of) {
    std::set<int64_t> opsets;
    for (const ConformanceCase* test : tests) opsets.insert(test->opset);
    document += fmt::format("| {} | {} |", op, fmt::join(opsets, ", "));
    for (const EngineSweep& engine : sweeps) {
      document += " " + operator_cell(tests, engine.sweep) + " |";
    }
    document += "\n";
  }
}

void append_failures(const EngineSweep& engine, std::string& document) {
  std::map<OutcomeKind, Names> names;
  for (const auto& [test, outcome] : engine.sweep) {
    if (!outcome.ok()) names[outcome.kind][gist(outcome)].push_back(test);
  }
  document += fmt::format(
      "\n## What {} does not pass\n\n| outcome | why | tests |\n|---|---|---|\n", engine.engine);
  for (const auto& [kind, reasons] : names) {
    for (const auto& [reason, tests] : reasons) {
      document += fmt::format("| {} | {} | {} |\n", to_string(kind), reason,
                              join(fold_forms(tests, engine.sweep), " "));
    }
  }
}

// The word for it among the known failures.
std::string_view known_word(const ConformanceCase& test, const Outcome& outcome) {
  if (outcome.ok()) return "ok";
  return test.random || depends_on_machine(outcome) ? "any" : to_string(outcome.kind);
}

// How a test should end. The second form ends as the first, unless a line says otherwise.
std::string expected_word(const std::map<std::string, std::string>& known,
                          const std::string& engine, const std::string& test) {
  const auto found = known.find(engine + " " + test);
  if (found != known.end()) return found->second;
  return is_constants(test) ? expected_word(known, engine, first_form(test)) : "ok";
}

std::map<std::string, std::string> parse_known(const std::string& text) {
  std::map<std::string, std::string> known;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string engine, test, outcome, more;
    if (!(words >> engine >> test >> outcome) || words >> more) {
      throw Error("not a line of known failures, ENGINE TEST OUTCOME: " + line);
    }
    known[engine + " " + test] = outcome;
  }
  return known;
}

}  // namespace

std::string totals(const std::vector<ConformanceCase>& cases,
                   const std::vector<EngineSweep>& sweeps) {
  const auto reference = std::find_if(sweeps.begin(), sweeps.end(), [](const EngineSweep& engine) {
    return engine.engine == "onnxruntime";
  });
  std::string text;
  for (const Form form : {Form::kInputs, Form::kConstants}) {
    std::vector<ConformanceCase> of_form;
    std::copy_if(cases.begin(), cases.end(), std::back_inserter(of_form),
                 [&](const ConformanceCase& test) { return test.form == form; });
    if (of_form.empty()) continue;
    text += fmt::format("{} node tests{}\n", of_form.size(),
                        form == Form::kInputs ? "" : " with every input but the first a constant");
    for (const EngineSweep& engine : sweeps) text += engine_line(of_form, engine);
    for (const EngineSweep& engine : sweeps) {
      if (engine.imports && reference != sweeps.end()) {
        text += importer_line(of_form, engine, *reference);
      }
    }
  }
  return text;
}

std::string operators_document(const std::vector<ConformanceCase>& cases,
                               const std::vector<EngineSweep>& sweeps) {
  std::string document =
      "# Operators\n\nWritten by `make conformance`; don't edit. The node tests of the package "
      "`onnx` 1.19.1, each run by\nthe engine's worker process in f32 with one thread and compared "
      "with the expected outputs (element\ntypes and shapes exactly, elements within 1e-3 of the "
      "expected value plus 1e-7). A cell holds\npassed/all tests of the operator, its expanded "
      "forms among them; then the same of these tests'\nsecond form, in which every input but the "
      "first is a constant of the model, as weights are.\n`add:constants` is that form of the test "
      "`add`, `add:inputs` the first one alone; `add` is both.\n\n```\n" +
      totals(cases, sweeps) + "```\n\n";
  append_operator_table(cases, sweeps, document);
  for (const EngineSweep& engine : sweeps) append_failures(engine, document);
  return document;
}

std::string to_json(const std::vector<EngineSweep>& sweeps) {
  nlohmann::json all;
  for (const EngineSweep& engine : sweeps) {
    for (const auto& [test, outcome] : engine.sweep) {
      all[engine.engine][test] = {{"outcome", to_string(outcome.kind)}, {"reason", outcome.reason}};
    }
  }
  return all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string known_failures(const std::vector<ConformanceCase>& cases,
                           const std::vector<EngineSweep>& sweeps) {
  std::string text =
      "# ENGINE TEST OUTCOME: how the node tests end that do not pass (docs/operators.md says "
      "why).\n"
      "# \"any\" where that depends on chance, on the machine's rounding or on installed locales.\n"
      "# TEST:constants, with every input but the first a constant, ends as TEST but where a line "
      "says otherwise.\n"
      "# Written by run.sh --accept.\n";
  for (const EngineSweep& engine : sweeps) {
    std::map<std::string, std::string> known;
    for (const ConformanceCase& test : cases) {
      const std::string_view word = known_word(test, engine.sweep.at(test.name));
      const std::string expected = expected_word(known, engine.engine, test.name);
      if (word == expected || expected == "any") continue;
      known[engine.engine + " " + test.name] = word;
      text += fmt::format("{} {} {}\n", engine.engine, test.name, word);
    }
  }
  return text;
}

std::vector<std::string> surprises(const std::vector<EngineSweep>& sweeps,
                                   const std::string& known) {
  const std::map<std::string, std::string> expectations = parse_known(known);
  std::vector<std::string> sentences;
  for (const EngineSweep& engine : sweeps) {
    for (const auto& [test, outcome] : engine.sweep) {
      const std::string expected = expected_word(expectations, engine.engine, test);
      if (expected == "any" || expected == to_string(outcome.kind)) continue;
      sentences.push_back(fmt::format("{} on {}: {} instead of {}{}{}", engine.engine, test,
                                      to_string(outcome.kind), expected, outcome.ok() ? "" : ": ",
                                      outcome.reason));
    }
  }
  return sentences;
}

}  // namespace dnnbench
