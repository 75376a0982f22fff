// Participant: a candidate of a run while it is loaded and takes turns with others.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/outcome.h"
#include "measure/measured_engine.h"
#include "results/engine_facts.h"
#include "results/measured.h"
#include "run/candidate.h"

namespace dnnbench {

struct Participant {
  size_t index = 0;  // among the run's candidates
  Candidate candidate;
  std::string label;
  std::unique_ptr<MeasuredEngine> engine;  // absent once it has ended
  Outcome outcome;
  EngineFacts facts;  // known once it has ended
  Measured measured;  // complete once it has ended

  void end(Outcome how) {
    outcome = std::move(how);
    if (engine) facts = engine->facts();
    engine.reset();
  }
};

// Called with each participant as soon as it has ended, however it did.
using ParticipantEnded = std::function<void(Participant&)>;

}  // namespace dnnbench
