// What an open dimension of a model's input probably is, by the habits of those who write and
// export models: first its name, then its place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx/model.h"

namespace dnnbench {

enum class DimensionKind {
  kBatch,
  kMaybeBatch,  // of a list of numbers, which often has one for each item of the batch
  kChannels,
  kPicture,  // height or width
  kLength,   // of a sequence
  kAudio,    // samples
  kPast,     // steps that a decoder has cached
  kCount,    // of things (num_atoms), of which no number is usual
};

// Of a tensor whose rank is known.
DimensionKind dimension_kind(const ModelValue& input, size_t axis);

// Whether that is what the dimension's own name says, rather than its place.
bool has_telling_name(const Dimension& dimension);

// "?" and "" name nothing: they stand for dimensions that have nothing in common.
bool is_symbol(const std::string& name);

// Made by an exporter, which gives each dimension another one ("unk__6", "s0", "input_dim_0").
bool is_generated_name(const std::string& name);

// The past and the sequence together, which a decoder's attention mask covers: by its name
// ("total_seq_len", "attention_mask_sequence_length"), or of an input "attention_mask".
bool is_total_length(const ModelValue& input, size_t axis);

// The sequence that a decoder reads: the second dimension of "input_ids" or "inputs_embeds".
bool is_decoder_sequence(const ModelValue& input, size_t axis);

// Sizes to try, the most usual first.
const std::vector<int64_t>& usual_sizes(DimensionKind kind);

// Why a size of usual_sizes was chosen: "a usual length".
std::string usual_reason(DimensionKind kind, int64_t size);

}  // namespace dnnbench
