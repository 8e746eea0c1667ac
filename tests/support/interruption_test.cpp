// SPDX-License-Identifier: Apache-2.0
// Each in a process of its own, which a signal does not leave again.
#include "zoetrope/support/interruption.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "support/another_process.hpp"

namespace zoetrope::support {
namespace {

void require(bool is_so, const std::string& what) {
  if (!is_so) throw std::runtime_error(what);
}

template <typename Work>
int exit_code_of(const Work& work) {
  return AnotherProcess([&](const auto&) {
           install_signal_handlers();
           work();
         })
      .exit_code();
}

TEST(Interruption, SignalsThatAskToStopAreRemembered) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGXCPU})
    EXPECT_EQ(exit_code_of([signal] {
                require(received_signal() == 0, "a signal is there that nobody sent");
                raise(signal);
                require(received_signal() == signal, "the signal is not there");
              }),
              0)
        << strsignal(signal);
}

TEST(Interruption, ASecondCtrlCEndsAtOnce) {
  EXPECT_EQ(exit_code_of([] {
              raise(SIGINT);
              raise(SIGINT);
            }),
            -1);
}

// As nohup starts it.
TEST(Interruption, SighupStaysIgnored) {
  EXPECT_EQ(AnotherProcess([](const auto&) {
              std::signal(SIGHUP, SIG_IGN);
              install_signal_handlers();
              raise(SIGHUP);
              require(received_signal() == 0, "SIGHUP asks to stop");
            }).exit_code(),
            0);
}

TEST(Interruption, AClosedPipeIsAnErrorOfWrite) {
  EXPECT_EQ(exit_code_of([] {
              int ends[2];
              require(::pipe(ends) == 0, "no pipe");
              ::close(ends[0]);
              require(::write(ends[1], "x", 1) < 0 && errno == EPIPE, "the pipe is open");
              require(received_signal() == 0, "a closed pipe asks to stop");
            }),
            0);
}

TEST(Interruption, AFileThatMayNotGrowIsAnErrorThatNamesIt) {
  EXPECT_EQ(exit_code_of([] {
              const rlimit most{1000, 1000};
              require(::setrlimit(RLIMIT_FSIZE, &most) == 0, "no limit");
              try {
                write_file("large", std::string(100'000, 'x'));
                require(false, "it was written");
              } catch (const RunError& error) {
                require(std::string(error.what()).starts_with("large: cannot be written"), error.what());
              }
            }),
            0);
}

TEST(Interruption, WorkEndsEarlyOnlyWhereItMay) {
  EXPECT_EQ(exit_code_of([] {
              raise(SIGTERM);
              stop_point();
              const Interruptible until_asked;
              require(must_stop(), "it need not stop");
              {
                const Interruptible by_no_means(false);
                stop_point();
              }
              try {
                stop_point();
                require(false, "it went on");
              } catch (const Interrupted&) {
              }
            }),
            0);
}

TEST(Interruption, AnotherRanksSignalCountsAsWell) {
  EXPECT_EQ(exit_code_of([] {
              note_signal(SIGUSR1);
              note_signal(SIGTERM);
              require(received_signal() == SIGUSR1, "it is not the first");
            }),
            0);
}

}  // namespace
}  // namespace zoetrope::support
