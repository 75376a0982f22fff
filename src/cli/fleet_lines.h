// Shows a fleet on a person's screen: one line per machine type, rewritten in place where stderr is
// a terminal; elsewhere a line whenever one changes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet/fleet.h"

namespace dnnbench {

class FleetLines : public FleetProgress {
 public:
  FleetLines();

  void note(const std::string& sentence) override;
  void show(const std::vector<FleetLine>& lines) override;

  // The last state of all lines, whatever was shown before.
  void close(const std::vector<FleetLine>& lines);

 private:
  void erase();
  void print(const std::vector<FleetLine>& lines, size_t max_lines);

  bool rewrites_;
  size_t shown_ = 0;                            // lines on the screen that can be rewritten
  std::map<std::string, std::string> printed_;  // elsewhere: the last text of each machine type
};

}  // namespace dnnbench
