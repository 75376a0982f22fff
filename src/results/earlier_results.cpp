#include "results/earlier_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/error.h"
#include "core/folder.h"
#include "core/whole_file.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::string numbered(const std::string& path, int number) {
  return fmt::format("{}.{}", path, number);
}

// Under which a file was kept, without what has been deleted since.
std::set<int> numbers_of(const fs::path& path) {
  const std::string name = path.filename().string() + ".";
  std::set<int> numbers;
  for (const std::string& other : names_in((path.parent_path() / ".").string())) {
    if (!other.starts_with(name)) continue;
    int number = 0;
    const char* const end = other.data() + other.size();
    const auto [rest, error] = std::from_chars(other.data() + name.size(), end, number);
    if (error == std::errc() && rest == end) numbers.insert(number);
  }
  return numbers;
}

// 0 for none.
int highest_number_of(const fs::path& path) {
  const std::set<int> numbers = numbers_of(path);
  return numbers.empty() ? 0 : *numbers.rbegin();
}

bool have_same_bytes(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::file_size(a, ignored) != fs::file_size(b, ignored)) return false;
  const auto bytes = read_whole_file(a);
  return bytes && bytes == read_whole_file(b);
}

// Not every file system has links.
void link_or_copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) fs::copy_file(from, to, error);
  if (error) {
    throw Error(
        fmt::format("could not keep the earlier result {} as {}: {}", from, to, error.message()));
  }
}

std::string journals_in(const fs::path& folder) {
  std::string text;
  for (const std::string& name : names_in(folder.string())) {
    if (name.ends_with(".journal")) text += read_whole_file(folder / name).value_or("");
  }
  return text;
}

// A journal says when its run started.
bool is_of_run_in(const std::string& journals, const StoredResult& result) {
  return !result.started_at.empty() &&
         journals.find('"' + result.started_at + '"') != std::string::npos;
}

// The run that goes on has kept what it had stored itself, too.
std::optional<StoredResult> newest_kept(const StoredResult& result, const std::string& journals) {
  std::optional<StoredResult> newest;
  for (const int number : numbers_of(result.path)) {
    try {
      StoredResult kept = read_result(numbered(result.path.string(), number));
      if (!is_of_run_in(journals, kept)) newest = std::move(kept);
    } catch (const Error&) {
      // Damaged.
    }
  }
  return newest;
}

}  // namespace

void keep_earlier(const std::string& output_path, const std::string& log_path) {
  std::error_code ignored;
  if (!fs::exists(output_path, ignored)) {
    fs::remove(log_path, ignored);
    return;
  }
  int number = highest_number_of(output_path);
  // A run that was ended before it had a result of its own has kept it already.
  if (number == 0 || !have_same_bytes(output_path, numbered(output_path, number))) {
    number = 1 + std::max(number, highest_number_of(log_path));
    link_or_copy(output_path, numbered(output_path, number));
  }
  if (fs::exists(numbered(log_path, number), ignored)) {
    fs::remove(log_path, ignored);
  } else {
    fs::rename(log_path, numbered(log_path, number), ignored);
  }
}

std::vector<StoredResult> read_earlier_results(const std::string& folder) {
  static const std::regex kKept(R"(.*\.json\.[0-9]+)");
  std::vector<StoredResult> found;
  std::error_code error;
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, kOptions, error), end; !error && at != end;
       at.increment(error)) {
    if (!std::regex_match(at->path().filename().string(), kKept)) continue;
    try {
      found.push_back(read_result(at->path()));
    } catch (const Error&) {
      // Damaged; the figures don't need it.
    }
  }
  return found;
}

std::vector<StoredResult> before_unfinished_runs(const std::vector<StoredResult>& found) {
  std::map<fs::path, std::string> journals;  // by folder
  std::vector<StoredResult> before;
  for (const StoredResult& result : found) {
    const fs::path folder = result.path.parent_path();
    const auto [text, is_new] = journals.try_emplace(folder);
    if (is_new) text->second = journals_in(folder);
    if (!is_of_run_in(text->second, result)) {
      before.push_back(result);
    } else if (std::optional<StoredResult> kept = newest_kept(result, text->second)) {
      before.push_back(std::move(*kept));
    }
  }
  return before.empty() ? found : before;
}

}  // namespace dnnbench
