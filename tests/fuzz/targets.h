// What parses files and messages from outside, each as a function of bytes: for the fuzzer and for
// the replay of what it has found.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace dnnbench::fuzz {

// By name. Each reads the bytes as the product would and ignores the Error that a bad input throws;
// anything else that leaves it, or ends the process, is a fault.
const std::map<std::string, std::function<void(const std::string& bytes)>>& targets();

}  // namespace dnnbench::fuzz
