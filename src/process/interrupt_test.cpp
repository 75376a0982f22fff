#include "process/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

#include "process/engine_session.h"
#include "process/work_folder.h"

namespace dnnbench {
namespace {

WorkerOptions fake(const WorkFolder& work) {
  WorkerOptions options;
  options.engine = "fake";
  options.log_path = work.path() + "/log";
  return options;
}

TEST(Interrupt, TheFirstSignalIsReportedAndTheSecondEndsTheProgram) {
  EXPECT_FALSE(is_interrupted());
  {
    const InterruptGuard guard;
    EXPECT_FALSE(is_interrupted());
    raise(SIGTERM);
    EXPECT_EQ(interrupt_signal(), SIGTERM);
    EXPECT_EXIT(raise(SIGINT), ::testing::KilledBySignal(SIGINT), "");
  }
  const InterruptGuard another;
  EXPECT_FALSE(is_interrupted());
}

TEST(Interrupt, ASignalThatWasIgnoredStaysSo) {
  signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    raise(SIGINT);
    EXPECT_FALSE(is_interrupted());
  }
  signal(SIGINT, SIG_DFL);
}

TEST(Interrupt, CutsShortWhatIsNotMeasured) {
  const InterruptGuard guard;
  const WorkFolder work;
  EngineSession session(fake(work), work.path());
  session.hello();
  raise(SIGINT);
  EXPECT_THROW(session.hello(), Interrupted);
}

TEST(Interrupt, LeavesAloneWhatIs) {
  const InterruptGuard guard;
  const WorkFolder work;
  EngineSession session(fake(work), work.path());
  session.finish_all_steps();
  raise(SIGINT);
  EXPECT_EQ(session.hello().version.empty(), false);
}

}  // namespace
}  // namespace dnnbench
