#include "prepare/metric_command.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/error.h"
#include "core/whole_file.h"
#include "inputs/npy.h"
#include "process/child_process.h"
#include "run/names.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// What a program says last is mostly why it ended.
std::string last_line(const std::string& path) {
  std::istringstream lines(read_whole_file(path).value_or(""));
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last;
}

void write(std::ofstream& file, const Tensor& tensor) {
  file.write(reinterpret_cast<const char*>(tensor.bytes.data()),
             static_cast<std::streamsize>(tensor.bytes.size()));
}

// One output of all samples.
void write_output(const std::string& path, const std::vector<const std::vector<Value>*>& outputs,
                  size_t index) {
  const Value& first = (*outputs[0])[index];
  const auto fail = [&](const char* why) {
    throw Error(fmt::format("the output \"{}\" {}", first.name, why));
  };
  if (first.kind != Value::Kind::kTensor || first.tensor().type == DataType::kString) {
    fail("is not a tensor of numbers");
  }
  const std::vector<int64_t>& each = first.tensor().shape;
  std::vector<int64_t> shape{static_cast<int64_t>(outputs.size())};
  shape.insert(shape.end(), each.begin() + (!each.empty() && each[0] == 1 ? 1 : 0), each.end());
  std::ofstream file(path, std::ios::binary);
  const std::string header = npy_header(first.tensor().type, shape);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (const std::vector<Value>* sample : outputs) {
    const Value& value = sample->at(index);
    if (value.kind != Value::Kind::kTensor || value.tensor().shape != each ||
        value.tensor().type != first.tensor().type) {
      fail("doesn't have the same shape for each sample");
    }
    write(file, value.tensor());
  }
  file.close();
  if (!file) throw Error(fmt::format("could not write {}", path));
}

// All outputs, each in a file of its own.
void write_outputs(const std::string& folder,
                   const std::vector<const std::vector<Value>*>& outputs) {
  std::map<std::string, std::string> names;  // of outputs, by file
  for (size_t i = 0; i < outputs.at(0)->size(); ++i) {
    const std::string& name = (*outputs[0])[i].name;
    const std::string file = with_safe_characters(name) + ".npy";
    const auto [earlier, is_new] = names.emplace(file, name);
    if (!is_new) {
      throw Error(
          fmt::format("the outputs \"{}\" and \"{}\" would both be in {}; rename one of them",
                      earlier->second, name, file));
    }
    write_output(folder + "/" + file, outputs, i);
  }
}

}  // namespace

MetricCommand::MetricCommand(std::string command, std::vector<int64_t> samples, std::string labels,
                             double timeout_s)
    : command_(std::move(command)),
      samples_(std::move(samples)),
      labels_(std::move(labels)),
      timeout_s_(timeout_s) {}

void MetricCommand::fail(const std::string& why) const {
  throw Error(fmt::format("the command of --metric ({}): {}", command_, why));
}

std::vector<double> MetricCommand::scores(
    const std::vector<const std::vector<Value>*>& outputs) const {
  const WorkFolder work;
  const std::string folder = work.path() + "/outputs";
  fs::create_directory(folder);
  try {
    write_outputs(folder, outputs);
  } catch (const Error& error) {
    fail(error.what());
  }
  std::ofstream places(work.path() + "/samples.npy", std::ios::binary);
  Tensor tensor = make_tensor(DataType::kInt64, {static_cast<int64_t>(samples_.size())});
  std::copy(samples_.begin(), samples_.end(), tensor.as<int64_t>().begin());
  places << npy_header(tensor.type, tensor.shape);
  write(places, tensor);
  places.close();
  std::istringstream words(run(work.path()));
  std::vector<double> scores;
  for (std::string word; words >> word;) {
    char* end = nullptr;
    scores.push_back(std::strtod(word.c_str(), &end));
    if (*end != '\0') fail(fmt::format("it printed '{}', which is not a number", word));
    if (!(scores.back() >= 0 && scores.back() <= 1)) {
      fail(fmt::format("it printed {}; a score is from 0 to 1, and 1 is best", word));
    }
  }
  if (scores.size() == outputs.size()) return scores;
  fail(fmt::format("it printed {} numbers; one for each of {} samples is needed", scores.size(),
                   outputs.size()));
}

// What it printed.
std::string MetricCommand::run(const std::string& folder) const {
  ChildOptions options;
  options.program = "/bin/sh";
  options.arguments = {
      "-c",
      "exec >\"$1/stdout\" 2>\"$1/stderr\" </dev/null\nshift\n" + command_ + " \"$@\"",
      "sh",
      folder,
      folder + "/outputs",
      folder + "/samples.npy"};
  if (!labels_.empty()) options.arguments.push_back(fs::absolute(labels_).string());
  ChildProcess child(options);
  if (!child.ends_within(timeout_s_)) {
    fail(fmt::format("it did not end within {:g} s; --timeout gives it longer", timeout_s_));
  }
  const int status = child.end();
  if (status == 0) return read_whole_file(folder + "/stdout").value_or("");
  const std::string said = last_line(folder + "/stderr");
  fail(fmt::format("it {} {}{}", WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                   said.empty() ? "" : ": " + said));
}

}  // namespace dnnbench
