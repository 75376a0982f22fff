// How far the mean of a run can be trusted: an interval from the run's own course.
#pragma once

#include <optional>
#include <span>

namespace dnnbench {

// Half the width of the 95 % interval around the mean of `values`, which are in the order measured;
// nothing for fewer than two.
//
// By batch means: the values are cut into min(n, 20) successive batches, whose means are nearly
// independent although neighbouring values are not; Student's t of their standard deviation gives
// the width (Law and Kelton, Simulation Modeling and Analysis, "batch means").
std::optional<double> mean_interval_half_width(std::span<const double> values);

}  // namespace dnnbench
