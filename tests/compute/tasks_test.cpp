// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/tasks.hpp"

#include <csignal>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "support/another_process.hpp"

namespace zoetrope::compute {
namespace {

using support::AnotherProcess;

void require(bool is_so, const char* what) {
  if (!is_so) throw std::runtime_error(what);
}

// In a process of its own, which a signal does not leave again.
TEST(Tasks, EndEarlyAfterASignalWhereTheCallerMay) {
  EXPECT_EQ(AnotherProcess([](const auto&) {
              at::set_num_threads(1);  // threads of the process before it are not in this one
              support::install_signal_handlers();
              std::atomic<int> done = 0;
              const auto work = [&](std::int64_t i) {
                if (i == 5) raise(SIGUSR1);
                ++done;
              };
              for_each_task(100, work);
              require(done == 100, "work ended early that must not");
              done = 0;
              const support::Interruptible until_asked;
              try {
                for_each_task(100, work);
                require(false, "the work was done to its end");
              } catch (const Interrupted&) {
                require(done == 0, "work was begun after a signal");
              }
            }).exit_code(),
            0);
}

TEST(Tasks, AreAllDoneWithoutASignal) {
  const support::Interruptible until_asked;
  std::vector<char> done(1000);
  for_each_task(1000, [&](std::int64_t i) { done[static_cast<std::size_t>(i)] = 1; });
  EXPECT_EQ(std::count(done.begin(), done.end(), 1), 1000);
}

}  // namespace
}  // namespace zoetrope::compute
