// The child side of the protocol (docs/protocol.md): answers the parent's requests with the one
// engine that is linked into this executable. Single-threaded; the timed loop is run_slice.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "protocol/messages.h"
#include "worker/engine.h"

namespace dnnbench {

// Runs the measurements back to back. Between two clock readings lies nothing but Engine::run.
TimedSlice run_slice(Engine& engine, const SliceRequest& request);

// Answers a request, whose key "do" is given apart, with the reply's fields, or throws
// (worker/engine.h says what).
using Handler =
    std::function<nlohmann::json(const std::string& verb, const nlohmann::json& request)>;

// Serves requests from kRequestFd until it is closed. Returns the process's exit code.
int serve(const Handler& handler);

// The same with make_engine's engine.
int serve_engine();

}  // namespace dnnbench
