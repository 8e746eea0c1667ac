// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/cpu_set.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iomanip>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>

#include "zoetrope/compute/device.hpp"

#include "support/scratch.hpp"

namespace zoetrope::compute {
namespace {

CpuSet cpus(std::initializer_list<int> numbers) {
  CpuSet set{};
  for (const int n : numbers) set[static_cast<std::size_t>(n / 64)] |= 1UL << (n % 64);
  return set;
}

TEST(FairShare, DividesWhatIsSharedAndKeepsWhatIsOwn) {
  EXPECT_EQ(fair_share({cpus({0, 1, 2, 3})}, 0), 4);
  EXPECT_EQ(fair_share({cpus({0, 1, 2, 3}), cpus({0, 1, 2, 3})}, 1), 2);
  EXPECT_EQ(fair_share({cpus({0, 1}), cpus({2, 3})}, 0), 2);                         // bound to halves
  EXPECT_EQ(fair_share({cpus({0}), cpus({0}), cpus({0})}, 2), 1);                    // oversubscribed
  EXPECT_EQ(fair_share({cpus({5, 500, 8000}), cpus({1})}, 0), 3);                    // large machines
  EXPECT_EQ(fair_share({cpus({0, 1, 2}), cpus({0, 1, 2}), cpus({0, 1, 2})}, 0), 1);  // three thirds are one
}

// A /sys that tells which cores are near the device; restores this thread's cores.
class BindToCoresNear : public testing::Test {
 protected:
  void TearDown() override {
    sched_setaffinity(0, sizeof before_, reinterpret_cast<const cpu_set_t*>(before_.data()));
  }
  // As Linux writes it: 32 CPUs a number, the last first.
  void tell(const std::string& mask) {
    const auto folder = sysfs_ / "bus/pci/devices/0000:3b:00.0";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "local_cpus") << mask << "\n";
  }
  std::string bind() const { return bind_to_cores_near({0, "", "", "0000:3B:00.0", 0}, sysfs_.string()); }

  const CpuSet before_ = allowed_cpus();
  const std::filesystem::path sysfs_ = scratch::folder();
};

TEST_F(BindToCoresNear, UsesTheCoresThatTheSystemNames) {
  const std::string all = format_cpus(before_), first = all.substr(0, all.find_first_of(",-"));
  const int cpu = std::stoi(first);
  std::ostringstream mask;
  mask << "ffffffff";  // the 256th block of 32: they are not there
  for (int word = 254; word >= 0; --word)
    mask << "," << std::hex << std::setw(8) << std::setfill('0')
         << (word == cpu / 32 ? 1U << (cpu % 32) : 0U);
  tell(mask.str());

  EXPECT_EQ(bind(), first);
  EXPECT_EQ(format_cpus(allowed_cpus()), first);
}

TEST_F(BindToCoresNear, LeavesTheCoresWhenNoneOfThemIsAllowedOrNothingIsTold) {
  EXPECT_EQ(bind(), "");
  std::string mask = "ffffffff";
  for (int word = 254; word >= 0; --word) mask += ",00000000";
  for (const std::string& told : {mask, std::string("garbage"), std::string(), std::string("0")}) {
    tell(told);
    EXPECT_EQ(bind(), "") << told;
  }
  EXPECT_EQ(allowed_cpus(), before_);
}

TEST(CountCpus, CountsOnceWhatSeveralMayUse) {
  EXPECT_EQ(count_cpus({cpus({0, 1, 63, 64}), cpus({1, 2, 8191})}), 6);
  EXPECT_EQ(count_cpus({}), 0);
}

TEST(FormatCpus, JoinsRanges) {
  CpuSet cpus{};
  cpus[0] = 0b1'0000'1111;
  cpus[1] = 1;
  EXPECT_EQ(format_cpus(cpus), "0-3,8,64");
  EXPECT_EQ(format_cpus(CpuSet{}), "");
}

}  // namespace
}  // namespace zoetrope::compute
