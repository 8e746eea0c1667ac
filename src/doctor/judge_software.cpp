// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <set>
#include <string_view>

#include "zoetrope/compute/cpu_set.hpp"

#include "hosts.hpp"
#include "judgement.hpp"

namespace zoetrope::doctor {

namespace {

// Those of which a process should have one. Two of the first kind go wrong: each has a state of its own.
constexpr std::array<std::string_view, 9> kOneAtMost = {"libnccl",     "libmpi",  "libopen-rte",
                                                        "libopen-pal", "libpmix", "libtorch_cpu",
                                                        "libc10",      "libcuda", "libhdf5"};
constexpr std::array<std::string_view, 7> kBetterOne = {"libcudart", "libcublas", "libcudnn", "libgomp",
                                                        "libiomp5",  "libhwloc",  "libnvrtc"};

template <typename Names>
bool is_among(std::string_view name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

std::string some_ranks(const std::vector<int>& ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + format_ranks(ranks);
}

// What each rank says, and which ranks say it; in the order of their first ranks.
using Voices = std::vector<std::pair<std::string, std::vector<int>>>;
Voices voices(const Facts& facts, const std::function<std::string(const RankFacts&)>& ask) {
  Voices found;
  for (const RankFacts& rank : facts) {
    const std::string text = ask(rank);
    const auto same = std::ranges::find(found, text, [](const auto& voice) { return voice.first; });
    if (same == found.end()) {
      found.push_back({text, {rank.rank}});
    } else {
      same->second.push_back(rank.rank);
    }
  }
  return found;
}

// "2.30.7 on ranks 0-3, 2.28.9 on ranks 4-7"
std::string told(const Voices& found) {
  std::string text;
  for (const auto& [what, ranks] : found)
    text += (text.empty() ? "" : ", ") + (what.empty() ? "none" : what) + " on " + some_ranks(ranks);
  return text;
}

std::set<std::string> files_of(const RankFacts& rank, std::string_view name) {
  std::set<std::string> files;
  for (const LoadedLibrary& library : rank.libraries)
    if (library.name == name) files.insert(library.path);
  return files;
}

template <typename Names>
void find_doubles(const Facts& facts, const Names& names, Finding finding, std::vector<Finding>& found) {
  for (const std::string_view name : names) {
    for (const auto& [files, ranks] : voices(facts, [&](const RankFacts& rank) {
           std::string text;
           const auto all = files_of(rank, name);
           if (all.size() > 1)
             for (const std::string& file : all) text += (text.empty() ? "" : " and ") + file;
           return text;
         })) {
      if (files.empty()) continue;
      finding.text = std::string(name) + " is loaded more than once in " + some_ranks(ranks) + ": " + files;
      found.push_back(finding);
    }
  }
}

// The file of a library, by its name without folders and its size: the same one may lie elsewhere on another
// host.
std::string file_of(const RankFacts& rank, std::string_view name) {
  for (const LoadedLibrary& library : rank.libraries)
    if (library.name == name)
      return std::filesystem::path(library.path).filename().string() + " (" + std::to_string(library.bytes) +
             " bytes)";
  return "";
}

}  // namespace

bool is_compared(const std::string& library) {
  return is_among(library, kOneAtMost) || is_among(library, kBetterOne);
}

std::vector<Finding> judge_libraries(const Facts& facts) {
  std::vector<Finding> found;
  find_doubles(facts, kOneAtMost,
               {Verdict::kWrong, "libraries", "", "leave one of them out of LD_LIBRARY_PATH and LD_PRELOAD"},
               found);
  find_doubles(
      facts, kBetterOne,
      {Verdict::kWarning, "libraries", "", "leave one of them out of LD_LIBRARY_PATH and LD_PRELOAD"}, found);
  for (const std::string_view name : kOneAtMost) {
    const Voices files = voices(facts, [&](const RankFacts& rank) { return file_of(rank, name); });
    if (files.size() > 1)
      found.push_back({Verdict::kWrong, "libraries",
                       std::string(name) + " is not the same everywhere: " + told(files),
                       "load the same modules on all hosts, and give all the same LD_LIBRARY_PATH (mpirun -x "
                       "LD_LIBRARY_PATH)"});
  }
  if (found.empty())
    found.push_back(
        {Verdict::kOk, "libraries",
         facts.size() == 1 ? "none is loaded twice" : "the same on all ranks, and none is loaded twice", ""});
  return found;
}

std::vector<Finding> judge_versions(const Facts& facts) {
  std::vector<Finding> found;
  std::set<std::string> names;
  for (const RankFacts& rank : facts)
    for (const auto& [name, version] : rank.versions) names.insert(name);
  std::string all;
  for (const std::string& name : names) {
    const Voices versions = voices(facts, [&](const RankFacts& rank) {
      const auto version = rank.versions.find(name);
      return version == rank.versions.end() ? "" : version->second;
    });
    all += (all.empty() ? "" : ", ") + name + " " + versions.front().first;
    if (versions.size() > 1)
      found.push_back({Verdict::kWrong, "versions", name + " differs: " + told(versions),
                       "start the same program with the same libraries on all hosts"});
  }
  if (found.empty()) found.push_back({Verdict::kOk, "versions", all, ""});
  return found;
}

std::vector<Finding> judge_settings(const Facts& facts) {
  std::vector<Finding> found;
  std::set<std::string> names;
  const auto must_agree = [](const std::string& name) {
    return name.starts_with("NCCL_") || name.starts_with("UCX_") || name.starts_with("OMPI_MCA_") ||
           name.starts_with("OMP_") || name.starts_with("HDF5_");
  };
  for (const RankFacts& rank : facts)
    for (const auto& [name, value] : rank.settings)
      if (must_agree(name)) names.insert(name);
  for (const std::string& name : names) {
    const Voices values = voices(facts, [&](const RankFacts& rank) {
      const auto value = rank.settings.find(name);
      return value == rank.settings.end() ? "" : value->second;
    });
    if (values.size() > 1)
      found.push_back({Verdict::kWarning, "settings", name + " differs: " + told(values),
                       "mpirun tells other hosts only what it is asked to: -x " + name});
  }
  return found;
}

std::vector<Finding> judge_devices(const Facts& facts, compute::DeviceChoice choice) {
  std::vector<int> without, far;
  for (const RankFacts& rank : facts) {
    if (rank.devices.empty()) {
      without.push_back(rank.rank);
      continue;
    }
    const DeviceFacts& own = rank.devices[static_cast<std::size_t>(rank.local_rank) % rank.devices.size()];
    if (!own.near_cpus.empty() &&
        !compute::have_common_cpus(compute::parse_cpus(own.near_cpus), compute::parse_cpus(rank.cpus)))
      far.push_back(rank.rank);
  }
  if (choice == compute::DeviceChoice::kCpu)
    return {{Verdict::kOk, "devices", "the ranks compute on CPUs", ""}};
  if (without.size() == facts.size() && choice == compute::DeviceChoice::kAuto)
    return {{Verdict::kOk, "devices",
             "the ranks compute on CPUs (no GPU: " + facts.front().why_no_device + ")", ""}};
  if (!without.empty()) {
    const RankFacts& first = facts[static_cast<std::size_t>(without.front())];
    return {
        {Verdict::kWrong, "devices",
         some_ranks(without) + (without.size() == 1 ? " sees" : " see") + " no GPU (" + first.host + ": " +
             first.why_no_device + ")" +
             (choice == compute::DeviceChoice::kAuto ? ", so that all ranks compute on CPUs" : ""),
         "look at nvidia-smi and CUDA_VISIBLE_DEVICES there; under Slurm --gpus-per-node; or --device cpu"}};
  }
  std::vector<Finding> found;
  if (!far.empty())
    found.push_back({Verdict::kWarning, "devices", some_ranks(far) + " may not run on cores near their GPUs",
                     "bind them there (srun --gpu-bind=closest), or not at all (mpirun --bind-to none)"});
  if (found.empty())
    found.push_back(
        {Verdict::kOk, "devices", "every rank sees a GPU (" + facts.front().devices.front().name + ")", ""});
  return found;
}

}  // namespace zoetrope::doctor
