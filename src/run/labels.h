// Labels for people: "onnxruntime, 2 threads". Of what distinguishes things that are shown
// together, only what is not the same for all of them. Those of a run's candidates
// (run/candidate.h) and of stored results (results/label_words.h) are both made here. vis/labels.py
// is the same rule for pictures; tests/labels.json has cases for both.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

struct LabelWords {
  std::string engine;              // always shown: "onnxruntime-cuda", "onnxruntime, quantised"
  std::string version;             // shown where it differs among those of one engine
  std::vector<std::string> parts;  // as many for all, in a label's order; "" says nothing
  std::string settings;            // added in brackets where labels would be the same without
};

std::vector<std::string> labels_of(const std::vector<LabelWords>& shown);

}  // namespace dnnbench
