// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/host_memory.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;

// /proc and /sys of a system as its kernel writes them.
class HostMemory : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    const fs::path file = root_ + path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  void SetUp() override {
    write("/proc/meminfo", "MemTotal: 900 kB\nMemAvailable:     512 kB\nSwapTotal: 0 kB\n");
  }

  const std::string root_ = "system";  // in the folder of the test
};

TEST_F(HostMemory, WithoutAContainerItIsTheHosts) {
  EXPECT_EQ(available_memory(root_), 512 * 1024);
  EXPECT_EQ(usable_memory(root_), memory_of_host());
  write("/proc/self/cgroup", "0::/user.slice\n");
  write("/sys/fs/cgroup/user.slice/memory.max", "max\n");
  write("/sys/fs/cgroup/user.slice/memory.current", "77\n");
  EXPECT_EQ(available_memory(root_), 512 * 1024);
  EXPECT_EQ(usable_memory(root_), memory_of_host());
}

TEST_F(HostMemory, TheLeastOfTheLimitsAroundThisProcessCounts) {
  write("/proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  write("/sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  write("/sys/fs/cgroup/slurm/job_7/memory.max", "200000\n");
  write("/sys/fs/cgroup/slurm/memory.max", "300000\n");
  EXPECT_EQ(usable_memory(root_), 200000);
}

TEST_F(HostMemory, WhatFilesTakeIsAvailable) {
  write("/proc/self/cgroup", "0::/job\n");
  write("/sys/fs/cgroup/job/memory.max", "200000\n");
  write("/sys/fs/cgroup/job/memory.current", "190000\n");
  EXPECT_EQ(available_memory(root_), 10000);
  write("/sys/fs/cgroup/job/memory.stat",
        "anon 40000\nfile 150000\ninactive_file 120000\nactive_file 30000\n");
  EXPECT_EQ(available_memory(root_), 130000);
}

// Of an older cluster, in a job of Slurm.
TEST_F(HostMemory, AnOlderSystemHasAGroupOfItsOwnForMemory) {
  write("/proc/self/cgroup", "9:cpu,cpuacct:/\n4:memory:/slurm/uid_0/job_7\n1:name=systemd:/\n0::/\n");
  const std::string job = "/sys/fs/cgroup/memory/slurm/uid_0/job_7/";
  write(job + "memory.limit_in_bytes", "200000\n");
  write(job + "memory.usage_in_bytes", "190000\n");
  write(job + "memory.stat", "cache 150000\ninactive_file 1\ntotal_inactive_file 120000\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(usable_memory(root_), 200000);
  EXPECT_EQ(available_memory(root_), 130000);
}

// A container sees its own group at the top, by a name that only the host knows.
TEST_F(HostMemory, InAnOlderContainerTheTopIsItsOwnGroup) {
  write("/proc/self/cgroup", "4:memory:/docker/0123abcd\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "200000\n");
  EXPECT_EQ(usable_memory(root_), 200000);
}

TEST_F(HostMemory, AControllerMayShareItsGroup) {
  write("/proc/self/cgroup", "9:cpu,cpuacct:/a\n8:cpuset:/b\n");
  EXPECT_THAT(cgroup_folders("cpu", root_),
              ::testing::ElementsAre(root_ + "/sys/fs/cgroup/cpu/a", root_ + "/sys/fs/cgroup/cpu"));
  EXPECT_THAT(cgroup_folders("memory", root_), ::testing::IsEmpty());
}

}  // namespace
}  // namespace zoetrope::support
