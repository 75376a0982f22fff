// argv of `dnnbench run` and `dnnbench selftest` -> RunOptions. The 2021 tool's flags keep their
// names and meaning.
#pragma once

#include <string>
#include <vector>

#include "run/options.h"

namespace dnnbench {

// How a run shows what it does and what came of it; none of it changes a result.
struct Presentation {
  bool wide = false;   // all columns, whatever the terminal's width
  bool quiet = false;  // no progress and no notes
  std::string format;  // csv, markdown or json; "" for tables and sentences
};

// `arguments` without the program's name and the subcommand. Throws UsageError with one sentence
// for whatever can't be carried out. Reads the file system to find models and this build's engines.
// The flags of presentation are accepted whether or not somebody wants to know them.
RunOptions parse_run_options(const std::vector<std::string>& arguments,
                             Presentation* presentation = nullptr);

// One model, at least two engines and a budget. Throws as parse_run_options does.
RunOptions parse_selftest_options(const std::vector<std::string>& arguments);

// A model's path as given, or the cached file of one of the eight names. Throws UsageError when
// there is no such file.
std::string find_model(const std::string& path_or_name, const std::string& subcommand);

// "NAME=1,3,320,320" -> {NAME, {1, 3, 320, 320}}. Throws UsageError.
std::pair<std::string, std::vector<int64_t>> parse_shape(const std::string& text);

// "1,2,4" -> {1, 2, 4}: whole numbers from 1 to `most`, each kept once. Throws UsageError.
std::vector<int64_t> parse_counts(const std::string& flag, const std::string& text, int64_t most);

}  // namespace dnnbench
