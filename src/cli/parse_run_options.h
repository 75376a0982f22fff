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

}  // namespace dnnbench
