// The catalogue of machine types and their prices: catalogue/instances.csv, compiled in, or a
// user's own file of the same form (catalogue/README.md).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dnnbench {

// No number of a catalogue, nor another price, is greater: dollars per hour, cores, GiB.
inline constexpr double kMaxCatalogueNumber = 1e9;

// One machine type. Text that is not known is empty.
struct InstanceType {
  std::string name;
  std::optional<double> usd_per_hour;  // at least 0
  std::string arch;                    // "x86_64", "arm64", or what the file says
  std::optional<double> vcpu;
  std::optional<double> cores;
  std::optional<double> memory_gib;
  std::string cpu;
  std::string isa;  // instruction sets, separated by spaces
  std::string gpu;
  std::optional<double> gpus;  // a fraction where the machine gets a part of one
  std::optional<double> gpu_memory_mib;
  std::string accelerator;
  std::string price_date;
  std::string region;
  std::string price_source;
  std::string spec_source;
  std::string note;
};

struct Catalogue {
  std::string source;  // the file's path, or "the built-in catalogue"
  std::vector<InstanceType> instances;
  std::vector<std::string> complaints;     // a sentence for each row left out, with its line
  std::map<std::string, size_t> left_out;  // the instances of those rows, and the line

  // The type of that name; null where there is none. Points into `instances`.
  const InstanceType* find(const std::string& name) const;
};

// "arm64" for "aarch64", "x86_64" for "amd64"; any other name as it is.
std::string canonical_arch(const std::string& arch);

// Rows that can't be used are left out and named in `complaints`. Throws Error where the text as a
// whole is not a catalogue: no column "instance" or "usd_per_hour", or an open quotation mark.
Catalogue parse_catalogue(std::string_view text, const std::string& source);

Catalogue built_in_catalogue();

// Throws UsageError where the file can't be read, and like parse_catalogue.
Catalogue read_catalogue(const std::string& path);

}  // namespace dnnbench
