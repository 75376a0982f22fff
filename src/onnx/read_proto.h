// Internal to src/onnx: a protobuf message from a file.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <string>

namespace dnnbench {

// Fills `message` and returns the file's size in bytes. `what` names the kind of file in errors:
// "an ONNX model". Throws Error when the file can't be read or is not such a message.
int64_t read_proto(const std::string& path, const std::string& what,
                   google::protobuf::MessageLite& message);

}  // namespace dnnbench
