// SPDX-License-Identifier: Apache-2.0
// The report for people: what is wrong stands above what it was found by.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "zoetrope/doctor/report.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/text.hpp"

#include "hosts.hpp"
#include "quantities.hpp"
#include "verdicts.hpp"

namespace zoetrope::doctor {

namespace {

using Row = std::vector<std::string>;

// Columns as wide as what they hold, two spaces between them.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += line + "\n";
  }
  return text;
}

std::string devices_of(const RankFacts& rank) {
  if (rank.devices.empty()) return "none";
  const std::size_t count = rank.devices.size();
  return (count == 1 ? "" : std::to_string(count) + " x ") + rank.devices.front().name;
}

std::string clock_of(const RankFacts& rank) {
  if (rank.clock_lead_ns == 0) return "0";
  const double ms = -static_cast<double>(rank.clock_lead_ns) * 1e-6;
  return (ms > 0 ? "+" : "") + support::format_fixed(ms, 1) + " ms";
}

std::string host_table(const std::vector<RankFacts>& facts) {
  std::vector<Row> rows = {{"host", "ranks", "cores", "threads a rank", "memory free", "GPUs seen", "clock"}};
  for (const Host& host : hosts_of(facts)) {
    const RankFacts& rank = facts[static_cast<std::size_t>(host.speaker())];
    std::set<std::string> cpus;
    for (const int each : host.ranks) cpus.insert(facts[static_cast<std::size_t>(each)].cpus);
    std::string cores;
    for (const std::string& set : cpus) cores += (cores.empty() ? "" : " | ") + set;
    constexpr std::size_t kWidest = 40;
    if (cores.size() > kWidest) cores = std::to_string(cpus.size()) + " sets";
    rows.push_back({support::printable(host.name), format_ranks(host.ranks),
                    cores + " of " + std::to_string(rank.cpus_of_host), std::to_string(rank.threads),
                    format_size(rank.memory_available_bytes) + " of " + format_size(rank.memory_bytes),
                    devices_of(rank), clock_of(rank)});
  }
  return aligned(rows);
}

std::string finding_lines(const std::vector<Finding>& findings) {
  constexpr std::string_view kIndent = "         ";
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.check.size());
  std::string text;
  for (const Finding& finding : findings) {
    std::string verdict = word_of(finding.verdict), check = finding.check;
    verdict.resize(kIndent.size(), ' ');
    check.resize(width + 2, ' ');
    text += verdict + check + support::printable(finding.text) + "\n";
    if (!finding.remedy.empty())
      text += std::string(kIndent) + std::string(width + 2, ' ') + "-> " +
              support::printable(finding.remedy) + "\n";
  }
  return text;
}

std::string verdict_line(const Report& report) {
  const auto count = [&](Verdict verdict) {
    return std::ranges::count(report.findings, verdict, &Finding::verdict);
  };
  const auto wrong = count(Verdict::kWrong), warnings = count(Verdict::kWarning);
  std::string text = wrong == 0
                         ? "Nothing is wrong"
                         : std::to_string(wrong) + (wrong == 1 ? " thing is" : " things are") + " wrong";
  if (warnings > 0) text += ", " + std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
  return text + ".\n";
}

std::string collective_table(const Report& report) {
  if (report.collectives.empty()) return "";
  std::vector<Row> rows = {{"collective", "over", "bytes", "time"}};
  for (const CollectiveTime& time : report.collectives)
    rows.push_back({time.operation, time.backend, time.bytes == 0 ? "" : format_size(time.bytes),
                    format_time(time.seconds)});
  return "\n" + aligned(rows);
}

std::string pair_table(const Report& report) {
  constexpr std::size_t kMostRows = 40;
  if (report.pairs.empty()) return "";
  std::vector<PairTime> sorted = report.pairs;
  std::ranges::stable_sort(sorted, {}, &PairTime::bytes_per_second);
  std::vector<Row> rows = {{"slowest pairs of hosts", "", "over", "each way", "latency"}};
  for (const PairTime& pair : sorted) {
    if (rows.size() > kMostRows) break;
    rows.push_back({support::printable(pair.host), support::printable(pair.other), pair.backend,
                    format_speed(pair.bytes_per_second), format_time(pair.latency_s)});
  }
  return "\n" + aligned(rows);
}

std::string device_table(const std::vector<RankFacts>& facts) {
  std::vector<Row> rows = {{"GPU", "rank", "host", "PCI address", "memory", "near cores", "NUMA node"}};
  for (const RankFacts& rank : facts) {
    if (rank.devices.empty()) continue;
    const DeviceFacts& own = rank.devices[static_cast<std::size_t>(rank.local_rank) % rank.devices.size()];
    rows.push_back({own.uuid, std::to_string(rank.rank), support::printable(rank.host), own.pci_address,
                    format_size(own.memory_bytes), own.near_cpus.empty() ? "unknown" : own.near_cpus,
                    own.numa_node < 0 ? "unknown" : std::to_string(own.numa_node)});
  }
  return rows.size() == 1 ? "" : "\n" + aligned(rows);
}

// Those that a job's results and speed hang on, where rank 0 has loaded them from.
std::string library_table(const RankFacts& rank) {
  constexpr std::array<std::string_view, 14> kShown = {
      "libmpi",    "libopen-pal", "libpmix",      "libhwloc",      "libnccl", "libcuda", "libcudart",
      "libcublas", "libcudnn",    "libtorch_cpu", "libtorch_cuda", "libgomp", "libhdf5", "libhdf5_serial"};
  std::vector<Row> rows = {{"library", "loaded from, by rank 0"}};
  for (const LoadedLibrary& library : rank.libraries)
    if (std::ranges::find(kShown, library.name) != kShown.end())
      rows.push_back({library.name, support::printable(library.path)});
  return "\n" + aligned(rows);
}

std::string setting_table(const RankFacts& rank) {
  if (rank.settings.empty()) return "";
  std::vector<Row> rows = {{"setting", "of rank 0"}};
  for (const auto& [name, value] : rank.settings)
    rows.push_back({support::printable(name), support::printable(value)});
  return "\n" + aligned(rows);
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text;
  if (!report.facts.empty()) text += host_table(report.facts) + "\n";
  text += finding_lines(report.findings) + verdict_line(report);
  text += collective_table(report) + pair_table(report);
  if (report.facts.empty()) return text;
  return text + device_table(report.facts) + library_table(report.facts.front()) +
         setting_table(report.facts.front());
}

}  // namespace zoetrope::doctor
