// SPDX-License-Identifier: Apache-2.0
// What is found out about the ranks, hosts and files of a job, for people and for machines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/doctor/facts.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::doctor {

enum class Verdict { kOk, kWarning, kWrong };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string check;   // what was looked at, in a word or two: "clocks"
  std::string text;    // what was found
  std::string remedy;  // what to do; "" where nothing is to be done
};

// One collective of all ranks: the median of some calls, each as long as its slowest rank took.
struct CollectiveTime {
  std::string backend;    // "mpi", "nccl"
  std::string operation;  // "all_reduce"
  std::int64_t bytes = 0;
  double seconds = 0;
};

// all_reduce between one rank of each of two hosts.
struct PairTime {
  std::string backend;
  std::string host;
  std::string other;
  double latency_s = 0;         // of four bytes
  double bytes_per_second = 0;  // that each sends and receives, of some MiB
};

struct Report {
  int ranks = 0;                 // 0: not known yet
  std::vector<RankFacts> facts;  // by rank
  std::vector<Finding> findings;
  std::vector<CollectiveTime> collectives;
  std::vector<PairTime> pairs;
  double seconds = 0;

  bool is_wrong() const;
};

// A line for each host, a line for each check, what is wrong, and below it what it was found by.
std::string to_text(const Report& report);
support::Json to_json(const Report& report);

// The report while it is made. It may be asked for at any time, from any thread: whatever hangs.
class Chart {
 public:
  explicit Chart(std::function<void(const Report&)> print) : print_(std::move(print)) {}

  void change(const std::function<void(Report&)>& edit);
  void add(Finding finding);
  // What is being done, and what is to be done where that never ends.
  void begin(const std::string& step, const std::string& remedy);
  // The job ends before all is looked at, for `reason`: a finding, the report is printed, and the folders
  // that were to be left behind by nobody are removed, if their file system answers. False where the report
  // was printed before: then nothing is done.
  bool cut_short(const std::string& reason);
  void remove_when_cut_short(const std::filesystem::path& folder);
  // Prints, unless somebody has; whoever comes later waits until it is printed.
  void print();
  bool is_wrong();
  std::string step();

 private:
  std::function<void(const Report&)> print_;
  std::mutex mutex_;
  Report report_;
  std::string step_ = "starting";
  std::string remedy_;
  std::vector<std::filesystem::path> folders_;
  bool is_printed_ = false;
};

}  // namespace zoetrope::doctor
