// Results are never overwritten: an earlier one of the same name is kept beside the new one with a
// number after its name, "NAME.json.1", the first run's the lowest. So it is no longer read as a
// result by anything that reads *.json, and the newest has the plain name. Kept ones may be
// deleted: a number is not used while a higher one is there.
#pragma once

#include <string>

#include "results/stored_result.h"

namespace dnnbench {

// Before a run replaces them: keeps the result, where there is one, and its log under the number
// after the highest one. The result also stays under its own name until it is replaced. Throws
// Error when it can't be kept.
void keep_earlier(const std::string& output_path, const std::string& log_path);

// All that were kept so below a folder. What can't be read is left out.
std::vector<StoredResult> read_earlier_results(const std::string& folder);

// What was there before the runs that were interrupted and will go on: each result of a run whose
// journal (measure/journal.h) is in the folder is replaced by the newest kept one, or left out. All
// of `found` where nothing else is there. `found` are those of folders' plain names.
std::vector<StoredResult> before_unfinished_runs(const std::vector<StoredResult>& found);

}  // namespace dnnbench
