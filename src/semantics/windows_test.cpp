#include "semantics/windows.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

using Attributes = std::map<std::string, Shape>;

import::Node node_of(const std::string& op, const Attributes& attributes,
                     const std::string& auto_pad = "", int64_t ceil_mode = 0) {
  import::Node node;
  node.op = op;
  node.opset = 19;
  for (const auto& [name, list] : attributes) node.attributes[name].ints = list;
  if (!auto_pad.empty()) node.attributes["auto_pad"].s = auto_pad;
  if (ceil_mode != 0) node.attributes["ceil_mode"].i = ceil_mode;
  return node;
}

Windows windows(int64_t input, const Attributes& attributes, const std::string& auto_pad = "",
                int64_t ceil_mode = 0) {
  return read_windows(node_of("MaxPool", attributes, auto_pad, ceil_mode), {input}, {});
}

TEST(Windows, AreCountedAsTheSpecificationSays) {
  EXPECT_EQ(windows(7, {{"kernel_shape", {3}}, {"strides", {2}}}).output, Shape{3});
  EXPECT_EQ(windows(7, {{"kernel_shape", {3}}, {"dilations", {2}}}).output, Shape{3});
  EXPECT_EQ(windows(7, {{"kernel_shape", {3}}, {"pads", {1, 2}}}).output, Shape{8});
}

TEST(Windows, OfCeilModeBeginInTheInput) {
  // One more window, whose last element lies beyond the padding.
  const Windows more = windows(8, {{"kernel_shape", {3}}, {"strides", {2}}}, "", 1);
  EXPECT_EQ(more.output, Shape{4});
  EXPECT_EQ(more.after, Shape{1});
  EXPECT_EQ(more.ceil_extra, Shape{1});
  // One more would begin in the padding behind the input.
  EXPECT_EQ(windows(4, {{"kernel_shape", {1}}, {"strides", {3}}, {"pads", {0, 1}}}, "", 1).output,
            Shape{2});
  EXPECT_EQ(windows(2, {{"kernel_shape", {3}}, {"strides", {2}}}, "", 1).output, Shape{1});
}

TEST(Windows, MayBeWiderThanTheInputButNotThanItsPadding) {
  EXPECT_EQ(windows(2, {{"kernel_shape", {3}}, {"strides", {2}}, {"pads", {0, 1}}}).output,
            Shape{1});
  EXPECT_THROW(windows(2, {{"kernel_shape", {3}}, {"strides", {2}}}), Unsupported);
}

// The first elements of windows over 0, 1, ... in ONNX Runtime 1.31.1 show its padding.
TEST(Windows, PadToTheSameSize) {
  const Attributes attributes{{"kernel_shape", {2}}, {"strides", {3}}};
  const Windows upper = windows(7, attributes, "SAME_UPPER");
  EXPECT_EQ(upper.output, Shape{3});
  EXPECT_EQ(upper.before, Shape{0});
  EXPECT_EQ(upper.after, Shape{1});
  const Windows lower = windows(7, attributes, "SAME_LOWER");
  EXPECT_EQ(lower.before, Shape{1});
  EXPECT_EQ(lower.after, Shape{0});
  EXPECT_EQ(windows(7, attributes, "VALID").output, Shape{2});
  EXPECT_THROW(windows(7, attributes, "FROBNICATE"), Unsupported);
}

TEST(Windows, KnowWhatOpenSizesAllow) {
  EXPECT_EQ(windows(-1, {{"kernel_shape", {3}}}).output, Shape{-1});
  EXPECT_FALSE(windows(-1, {{"kernel_shape", {3}}}).is_known());
  EXPECT_EQ(windows(-1, {{"kernel_shape", {4}}}, "SAME_LOWER").before, Shape{2});
  EXPECT_THROW(windows(-1, {{"kernel_shape", {3}}, {"strides", {2}}}, "SAME_UPPER"), Unsupported);
}

TEST(Windows, RefuseAttributesThatContradictEachOther) {
  EXPECT_THROW(windows(7, {{"kernel_shape", {3}}, {"strides", {2, 2}}}), Unsupported);
  EXPECT_THROW(windows(7, {{"kernel_shape", {3}}, {"strides", {0}}}), Unsupported);
  EXPECT_THROW(windows(7, {{"kernel_shape", {3}}, {"pads", {-1, 0}}}), Unsupported);
  EXPECT_THROW(windows(7, {}), Unsupported);
}

TEST(WindowCounts, LeavePaddingOutUnlessItCounts) {
  const Windows w = windows(4, {{"kernel_shape", {3}}, {"strides", {2}}, {"pads", {1, 0}}}, "", 1);
  EXPECT_EQ(w.output, Shape{2});
  EXPECT_EQ(window_counts(w, false), (std::vector<double>{2, 3}));
  EXPECT_EQ(window_counts(w, true), (std::vector<double>{3, 3}));
  // What ceil_mode adds never counts.
  const Windows more = windows(4, {{"kernel_shape", {3}}, {"strides", {2}}}, "", 1);
  EXPECT_EQ(window_counts(more, true), (std::vector<double>{3, 2}));
}

TEST(WindowPositions, SayWhereElementsLie) {
  const Windows w = windows(3, {{"kernel_shape", {2}}, {"pads", {1, 0}}});
  EXPECT_EQ(window_positions(w, false), (std::vector<int64_t>{-1, 0, 0, 1, 1, 2}));
}

struct Transposed {
  Attributes attributes;
  const char* auto_pad;
  int64_t before;  // cut off the 9 elements that 4 give with kernel 3 and stride 2
  int64_t output;
};

// Which elements ONNX Runtime 1.31.1 returns.
TEST(TransposedWindows, SplitTheirPadsAsOnnxRuntimeDoes) {
  const std::vector<Transposed> kCases{
      {{}, "", 0, 9},
      {{{"pads", {1, 0}}}, "", 1, 8},
      {{{"output_padding", {1}}}, "", 0, 10},
      {{{"output_shape", {10}}}, "", 0, 10},
      {{{"output_shape", {8}}}, "", 1, 8},
      {{{"output_shape", {8}}, {"output_padding", {1}}}, "", 1, 8},
      {{{"output_shape", {8}}}, "SAME_LOWER", 1, 8},
      {{{"output_shape", {8}}}, "SAME_UPPER", 0, 8},
      {{}, "SAME_UPPER", 0, 8},
      {{}, "SAME_LOWER", 1, 8},
  };
  for (Transposed c : kCases) {
    c.attributes["strides"] = {2};
    const TransposedWindows w =
        read_transposed_windows(node_of("ConvTranspose", c.attributes, c.auto_pad), {4}, {3});
    EXPECT_EQ(w.full, Shape{9});
    EXPECT_EQ(w.before, Shape{c.before});
    EXPECT_EQ(w.output, Shape{c.output});
    EXPECT_EQ(w.full[0] + w.output_padding[0] - w.before[0] - w.after[0], w.output[0]);
  }
}

TEST(TransposedWindows, TakeOpenSizesWhereTheyDoNotMatter) {
  const auto read = [](const Attributes& attributes) {
    return read_transposed_windows(node_of("ConvTranspose", attributes), {-1}, {3});
  };
  EXPECT_EQ(read({{"pads", {1, 1}}}).output, Shape{-1});
  EXPECT_THROW(read({{"output_shape", {8}}}), Unsupported);
}

TEST(UnpooledSizes, AreThoseThatWerePooled) {
  const import::Node node =
      node_of("MaxUnpool", {{"kernel_shape", {2, 3}}, {"strides", {2, 2}}, {"pads", {0, 1, 0, 1}}});
  EXPECT_EQ(unpooled_sizes(node, {3, 4}), (Shape{6, 7}));
}

}  // namespace
}  // namespace dnnbench::semantics
