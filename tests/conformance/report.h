// What comes out of the sweeps: totals for people, a table for docs/operators.md, JSON for
// compare_with_python.py, and the comparison with the failures that are known.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweep.h"

namespace dnnbench {

struct EngineSweep {
  std::string engine;
  std::string version;
  Sweep sweep;
  bool imports = false;  // it does not read ONNX itself
};

// For each engine that imports, also how many it passes of the tests that ONNX Runtime, which
// prepares the model for it, passes itself: without those of element types that its library lacks,
// and apart from those with sequences or optionals.
std::string totals(const std::vector<ConformanceCase>& cases,
                   const std::vector<EngineSweep>& sweeps);

std::string operators_document(const std::vector<ConformanceCase>& cases,
                               const std::vector<EngineSweep>& sweeps);

std::string to_json(const std::vector<EngineSweep>& sweeps);

// A line each, "ENGINE TEST OUTCOME": how every test ends that does not pass; "any" where that
// depends on chance, on the machine's rounding or on the locales it has installed. A test's second
// form has a line only where it ends otherwise than the first, "ok" among the outcomes then.
std::string known_failures(const std::vector<ConformanceCase>& cases,
                           const std::vector<EngineSweep>& sweeps);

// Every test that ends otherwise than the text of known_failures says, one sentence per test.
// Throws Error for a malformed line.
std::vector<std::string> surprises(const std::vector<EngineSweep>& sweeps,
                                   const std::string& known);

}  // namespace dnnbench
