// Runs every file of corpus/TARGET through its target, and so many mutations of each, which are the
// same on every machine. With the sanitizers, which end the program at the first fault; the input
// of that moment lies in `last-input`.
//   dnnbench-fuzz-replay CORPUS MUTATIONS_PER_FILE [TARGET]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "core/error.h"
#include "targets.h"
#include "testing/files.h"

namespace dnnbench::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  std::string mutate(std::string bytes) {
    for (uint64_t step = 0, steps = 1 + below(4); step < steps; ++step) change(bytes);
    return bytes;
  }

 private:
  uint64_t below(uint64_t end) { return random_() % end; }

  void change(std::string& bytes) {
    static const std::string kTelling[] = {std::string(8, '\xff'),
                                           std::string(8, '\0'),
                                           "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                                           "-1",
                                           "1e400",
                                           "9223372036854775808",
                                           "null",
                                           "[[[[[[[[",
                                           "\"\\ud800\"",
                                           "\n,\"",
                                           "NaN"};
    const uint64_t at = below(bytes.size() + 1);
    const uint64_t length = std::min<uint64_t>(1 + below(16), bytes.size() - at);
    switch (below(6)) {
      case 0:
        if (length > 0) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        if (length > 0) bytes[at] = static_cast<char>(below(256));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(below(bytes.size() + 1), bytes.substr(at, length));
        break;
      case 4:
        bytes.insert(at, kTelling[below(std::size(kTelling))]);
        break;
      default:
        bytes.resize(at);
    }
  }

  std::mt19937_64 random_;
};

void run(const std::function<void(const std::string&)>& target, const std::string& bytes) {
  std::ofstream("last-input", std::ios::binary) << bytes;
  try {
    target(bytes);
  } catch (const Error&) {  // how a bad input is refused
  }
}

int replay(const fs::path& corpus, int mutations, const std::string& only) {
  for (const auto& [name, target] : targets()) {
    if (!only.empty() && name != only) continue;
    const std::vector<fs::path> files = files_of(corpus / name);
    if (files.empty()) throw Error((corpus / name).string() + " is empty");
    uint64_t seed = 0;
    for (const fs::path& file : files) {
      const std::string bytes = read_file(file);
      run(target, bytes);
      Mutator mutator(seed++);
      for (int i = 0; i < mutations; ++i) run(target, mutator.mutate(bytes));
    }
    fmt::print("{}: {} files, {} inputs\n", name, files.size(),
               files.size() * (1 + static_cast<size_t>(mutations)));
  }
  fs::remove("last-input");
  return 0;
}

}  // namespace
}  // namespace dnnbench::fuzz

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "Usage: dnnbench-fuzz-replay CORPUS MUTATIONS_PER_FILE [TARGET]\n");
    return 2;
  }
  return dnnbench::fuzz::replay(words[1], std::atoi(words[2]), count > 3 ? words[3] : "");
}
