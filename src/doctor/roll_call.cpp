// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/doctor/roll_call.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "zoetrope/doctor/facts.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/new_file.hpp"

#include "doors.hpp"

namespace zoetrope::doctor {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRollFolder = ".zoetrope-doctor-job-";
constexpr int kMostRanks = 1 << 20;
// At whose doors is knocked, and how many of each: together fewer than the files that a process may open.
constexpr std::size_t kMostHosts = 64;
constexpr std::size_t kMostDoors = 8;

// The job's name as a part of a file's.
std::string as_file_name(const std::string& job) {
  std::string name = job.substr(0, 64);
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '-';
  return name;
}

// What a doctor that was killed has left.
void remove_leftovers(const fs::path& folder) {
  constexpr auto kLongAgo = std::chrono::hours(1);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->path().filename().string().starts_with(kRollFolder)) continue;
    const auto written = fs::last_write_time(entry->path(), ignored);
    if (!ignored && written < fs::file_time_type::clock::now() - kLongAgo) fs::remove_all(*entry, ignored);
  }
}

struct Mark {
  std::string host;
  std::vector<Door> doors;
};

// Without a host where there is none, or it is not whole.
Mark read_mark(const fs::path& path) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 16;
  Mark mark;
  try {
    if (!support::is_listed(path)) return mark;
    std::istringstream text(support::read_file(path, kMostBytes));
    std::getline(text, mark.host);
    for (Door door; mark.doors.size() < kMostDoors && text >> door.interface >> door.address >> door.port;)
      mark.doors.push_back(door);
  } catch (const Error&) {
    return {};
  }
  return mark;
}

std::string ranks_words(const std::vector<int>& ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + format_ranks(ranks);
}

std::string has_or_have(const std::vector<int>& ranks) {
  return ranks.size() == 1 ? " has " : " have ";
}

// "ranks 0-3 on node1, rank 4 on node2"
std::string by_host(const std::map<std::string, std::vector<int>>& ranks) {
  std::string text;
  for (const auto& [host, own] : ranks) text += (text.empty() ? "" : ", ") + ranks_words(own) + " on " + host;
  return text;
}

// All have started, and MPI has not brought them together: which networks of which hosts answer?
Absence explain_silence(const std::map<std::string, std::vector<int>>& come,
                        const std::map<std::string, std::vector<Door>>& doors) {
  const std::string all = "all have started (" + by_host(come) + "), and have not met over MPI";
  std::vector<Door> tried;
  for (const auto& [host, own] : doors) tried.insert(tried.end(), own.begin(), own.end());
  const std::vector<bool> answers = knock(tried);
  std::string text;
  std::size_t i = 0;
  for (const auto& [host, own] : doors) {
    std::string open, closed;
    for (const Door& door : own) {
      std::string& list = answers[i++] ? open : closed;
      list += (list.empty() ? "" : ", ") + door.address + " (" + door.interface + ")";
    }
    if (closed.empty()) continue;
    text += "; from " + comm::host_name() + ", " + host + " answers over TCP at " +
            (open.empty() ? "no address" : open) + ", and not at " + closed;
  }
  if (text.empty())
    return {all, "MPI says more with OMPI_MCA_btl_base_verbose=40 (mpirun --mca btl_base_verbose 40)"};
  return {all + text,
          "open all ports between the hosts (firewall), or have MPI take a network that answers: "
          "OMPI_MCA_btl_tcp_if_include, and NCCL_SOCKET_IFNAME for NCCL"};
}

}  // namespace

fs::path nearest_folder(fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path, ignored);
  while (!fs::is_directory(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

RollCall::RollCall(const fs::path& run, comm::Launcher launcher) : launcher_(std::move(launcher)) {
  if (launcher_.job.empty() || !launcher_.rank || launcher_.size.value_or(1) < 2) return;
  folder_ = nearest_folder(run) / (kRollFolder + as_file_name(launcher_.job));
  if (*launcher_.rank == 0) remove_leftovers(folder_.parent_path());
  std::error_code error;
  fs::create_directory(folder_, error);
  if (error) folder_.clear();
  doors_ = std::make_unique<OpenDoors>();
}

RollCall::~RollCall() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

void RollCall::sign_in() noexcept {
  try {
    if (folder_.empty()) return;
    std::string text = comm::host_name() + "\n";
    for (const Door& door : doors_->doors())
      text += door.interface + " " + door.address + " " + std::to_string(door.port) + "\n";
    support::NewFile(folder_ / std::to_string(*launcher_.rank)).write(text);
  } catch (const std::exception&) {
    // Then this rank is said not to have come.
  }
}

bool RollCall::may_speak() const {
  try {
    if (!folder_.empty()) support::NewFile(folder_ / "speaker").close();
    return true;
  } catch (const Error&) {
    return false;
  }
}

Absence RollCall::who_is_missing() const {
  if (folder_.empty())
    return {"not all ranks have come, and they could not write into the run directory how far they are",
            "look at the host of each rank"};
  std::vector<int> missing;
  std::map<std::string, std::vector<int>> come;
  std::map<std::string, std::vector<Door>> doors;  // of the first rank of each other host
  for (int rank = 0; rank < std::min(launcher_.size.value_or(0), kMostRanks); ++rank) {
    const Mark mark = read_mark(folder_ / std::to_string(rank));
    if (mark.host.empty()) {
      missing.push_back(rank);
    } else {
      come[mark.host].push_back(rank);
      if (mark.host != comm::host_name() && doors.size() < kMostHosts)
        doors.try_emplace(mark.host, mark.doors);
    }
  }
  if (missing.empty()) return explain_silence(come, doors);
  return {ranks_words(missing) + has_or_have(missing) + "not started: no such process has written into " +
              folder_.parent_path().string() + " (" + by_host(come) + " did)",
          "look at the host where it should run: is it up, does it start programs, does it share that "
          "folder? Or start without it"};
}

}  // namespace zoetrope::doctor
