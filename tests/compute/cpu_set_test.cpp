// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/cpu_set.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>

#include "zoetrope/compute/device.hpp"

#include "support/scratch.hpp"

namespace zoetrope::compute {
namespace {

CpuSet cpus(std::initializer_list<int> numbers) {
  CpuSet set{};
  for (const int n : numbers) set[static_cast<std::size_t>(n / 64)] |= std::uint64_t{1} << (n % 64);
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
  void tell(const std::string& list) {
    const auto folder = sysfs_ / "bus/pci/devices/0000:3b:00.0";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "local_cpulist") << list << "\n";
  }
  std::string bind() const { return bind_to_cores_near({0, "", "", "0000:3B:00.0", 0}, sysfs_.string()); }

  const CpuSet before_ = allowed_cpus();
  const std::filesystem::path sysfs_ = scratch::folder();
};

TEST_F(BindToCoresNear, UsesTheCoresThatTheSystemNames) {
  const std::string all = format_cpus(before_);
  const std::string first = all.substr(0, all.find_first_of(",-"));
  tell(first + ",8000-8191");  // the latter are not there
  EXPECT_EQ(bind(), first);
  EXPECT_EQ(format_cpus(allowed_cpus()), first);
}

TEST_F(BindToCoresNear, LeavesTheCoresWhenNoneOfThemIsAllowedOrNothingIsTold) {
  EXPECT_EQ(bind(), "");
  tell("8000-8191");
  EXPECT_EQ(bind(), "");
  tell("garbage");
  EXPECT_EQ(bind(), "");
  tell("99999999999999999999");
  EXPECT_EQ(bind(), "");
  EXPECT_EQ(allowed_cpus(), before_);
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
