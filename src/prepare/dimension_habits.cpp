#include "prepare/dimension_habits.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace dnnbench {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool contains_any(const std::string& text, const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return text.find(part) != std::string::npos; });
}

bool is_one_of(const std::string& text, const std::vector<std::string>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

bool is_count(const std::string& name) {
  return name.starts_with("num") || name.starts_with("n_") || name.starts_with("nb_") ||
         contains_any(name, {"count", "atoms", "nodes", "edges", "points", "objects", "boxes"});
}

std::optional<DimensionKind> kind_of_name(const std::string& symbol) {
  if (!is_symbol(symbol)) return std::nullopt;
  const std::string name = lower(symbol);
  if (contains_any(name, {"batch"}) || is_one_of(name, {"n", "b", "bs"})) {
    return DimensionKind::kBatch;
  }
  if (contains_any(name, {"past"})) return DimensionKind::kPast;
  if (contains_any(name, {"audio", "wave", "samples"})) return DimensionKind::kAudio;
  if (contains_any(name, {"seq", "len", "token", "word", "time", "frame"})) {
    return DimensionKind::kLength;
  }
  if (contains_any(name, {"channel"}) || name == "c") return DimensionKind::kChannels;
  if (contains_any(name, {"height", "width"}) || is_one_of(name, {"h", "w"})) {
    return DimensionKind::kPicture;
  }
  return std::nullopt;
}

// Whether another dimension of the input is the batch by its name.
bool has_batch_elsewhere(const std::vector<Dimension>& dimensions, size_t axis) {
  for (size_t other = 0; other < dimensions.size(); ++other) {
    const bool is_open = !dimensions[other].size;
    if (other != axis && is_open &&
        kind_of_name(dimensions[other].symbol) == DimensionKind::kBatch) {
      return true;
    }
  }
  return false;
}

DimensionKind kind_of_first(const std::vector<Dimension>& dimensions) {
  const std::string name = lower(dimensions[0].symbol);
  if (is_one_of(name, {"t", "l", "s"}) || has_batch_elsewhere(dimensions, 0)) {
    return DimensionKind::kLength;
  }
  if (is_count(name)) return DimensionKind::kCount;
  return dimensions.size() == 1 ? DimensionKind::kMaybeBatch : DimensionKind::kBatch;
}

bool is_past(const ModelValue& input, size_t axis) {
  const size_t rank = input.dimensions->size();
  return rank >= 3 && axis + 2 == rank && contains_any(lower(input.name), {"past"});
}

// Pictures are [N,C,H,W], [N,H,W,C] when the last dimension is fixed and at most four channels,
// videos [N,C,T,H,W].
DimensionKind kind_of_place(const ModelValue& input, size_t axis) {
  const std::vector<Dimension>& dimensions = *input.dimensions;
  const size_t rank = dimensions.size();
  if (axis == 0) return kind_of_first(dimensions);
  if (is_past(input, axis)) return DimensionKind::kPast;
  if (rank == 2 && is_floating_point(input.type)) return DimensionKind::kAudio;
  if (rank < 4) return DimensionKind::kLength;
  const bool channels_last = dimensions.back().size && *dimensions.back().size <= 4;
  if (channels_last) return axis + 3 >= rank ? DimensionKind::kPicture : DimensionKind::kLength;
  if (axis == 1) return DimensionKind::kChannels;
  return axis + 2 >= rank ? DimensionKind::kPicture : DimensionKind::kLength;
}

bool is_of_encoder_only(const std::string& name) {
  return contains_any(name, {"encoder"}) && !contains_any(name, {"decoder"});
}

}  // namespace

bool is_symbol(const std::string& name) { return !name.empty() && name != "?"; }

bool is_generated_name(const std::string& name) {
  const bool is_numbered =
      name.size() >= 2 && (name[0] == 's' || name[0] == 'd' || name[0] == 'u') &&
      std::all_of(name.begin() + 1, name.end(), [](unsigned char c) { return std::isdigit(c); });
  return is_numbered || contains_any(lower(name), {"unk", "dim", "dynamic_axes"});
}

bool has_telling_name(const Dimension& dimension) {
  return kind_of_name(dimension.symbol).has_value();
}

DimensionKind dimension_kind(const ModelValue& input, size_t axis) {
  return kind_of_name((*input.dimensions)[axis].symbol).value_or(kind_of_place(input, axis));
}

bool is_total_length(const ModelValue& input, size_t axis) {
  const std::string& symbol = (*input.dimensions)[axis].symbol;
  const std::string name = lower(symbol), input_name = lower(input.name);
  if (is_of_encoder_only(name) || is_of_encoder_only(input_name)) return false;
  if (is_symbol(symbol)) {
    return contains_any(name, {"total", "mask"}) && contains_any(name, {"seq", "len"});
  }
  return axis == 1 && input.dimensions->size() == 2 && contains_any(input_name, {"attention_mask"});
}

bool is_decoder_sequence(const ModelValue& input, size_t axis) {
  const std::string name = lower(input.name);
  return axis == 1 && input.dimensions->size() >= 2 && !is_of_encoder_only(name) &&
         contains_any(name, {"input_ids", "inputs_embeds"});
}

const std::vector<int64_t>& usual_sizes(DimensionKind kind) {
  // Pictures: the inputs of the usual classifiers and detectors. Lengths: usual sentences and
  // windows; 77 is CLIP's. Audio: a second at 16 kHz.
  static const std::vector<int64_t> kOne{1}, kPast{16}, kCounts{16}, kChannels{3, 1};
  static const std::vector<int64_t> kPictures{224, 416, 640, 320, 512, 256, 300, 128, 32};
  static const std::vector<int64_t> kLengths{128, 256, 64, 16, 77, 32, 512, 8, 1};
  static const std::vector<int64_t> kAudio{16000, 48000, 128, 256, 64, 16, 512};
  switch (kind) {
    case DimensionKind::kBatch:
    case DimensionKind::kMaybeBatch:
      return kOne;
    case DimensionKind::kChannels:
      return kChannels;
    case DimensionKind::kPicture:
      return kPictures;
    case DimensionKind::kLength:
      return kLengths;
    case DimensionKind::kAudio:
      return kAudio;
    case DimensionKind::kPast:
      return kPast;
    case DimensionKind::kCount:
      return kCounts;
  }
  return kOne;
}

std::string usual_reason(DimensionKind kind, int64_t size) {
  switch (kind) {
    case DimensionKind::kBatch:
      return "the batch";
    case DimensionKind::kMaybeBatch:
      return "one number";
    case DimensionKind::kChannels:
      return size == 3 ? "channels of a colour picture" : "channel of a grey picture";
    case DimensionKind::kPicture:
      return "a usual picture size";
    case DimensionKind::kLength:
      return "a usual length";
    case DimensionKind::kAudio:
      return size >= 16000 ? "one second of audio" : "a usual length";
    case DimensionKind::kPast:
      return "a short past";
    case DimensionKind::kCount:
      return "an example";
  }
  return "";
}

}  // namespace dnnbench
