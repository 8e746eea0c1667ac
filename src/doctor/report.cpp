// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/doctor/report.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "fact_fields.hpp"
#include "verdicts.hpp"

namespace zoetrope::doctor {

namespace {

// What hangs may be the file system: it is waited for no longer than a second.
void remove_if_it_answers(std::vector<std::filesystem::path> folders) {
  std::packaged_task<void()> removal([folders = std::move(folders)] {
    std::error_code ignored;
    for (const auto& folder : folders) std::filesystem::remove_all(folder, ignored);
  });
  const auto removed = removal.get_future();
  std::thread(std::move(removal)).detach();
  removed.wait_for(std::chrono::seconds(1));
}

}  // namespace

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kWrong:
      break;
  }
  return "wrong";
}

bool Report::is_wrong() const {
  return std::ranges::any_of(findings, [](const Finding& each) { return each.verdict == Verdict::kWrong; });
}

support::Json to_json(const Report& report) {
  using support::Json;
  Json json = {{"ranks", report.ranks},          {"is_wrong", report.is_wrong()},
               {"seconds", report.seconds},      {"checks", Json::array()},
               {"facts", report.facts},          {"collectives", Json::array()},
               {"pairs_of_hosts", Json::array()}};
  for (const Finding& finding : report.findings)
    json["checks"].push_back({{"verdict", word_of(finding.verdict)},
                              {"check", finding.check},
                              {"text", finding.text},
                              {"remedy", finding.remedy}});
  for (const CollectiveTime& time : report.collectives)
    json["collectives"].push_back({{"backend", time.backend},
                                   {"operation", time.operation},
                                   {"bytes", time.bytes},
                                   {"seconds", time.seconds}});
  for (const PairTime& pair : report.pairs)
    json["pairs_of_hosts"].push_back({{"backend", pair.backend},
                                      {"hosts", {pair.host, pair.other}},
                                      {"latency_s", pair.latency_s},
                                      {"bytes_per_second", pair.bytes_per_second}});
  return json;
}

void Chart::change(const std::function<void(Report&)>& edit) {
  const std::lock_guard lock(mutex_);
  edit(report_);
}

void Chart::add(Finding finding) {
  change([&](Report& report) { report.findings.push_back(std::move(finding)); });
}

void Chart::begin(const std::string& step, const std::string& remedy) {
  const std::lock_guard lock(mutex_);
  step_ = step;
  remedy_ = remedy;
}

std::string Chart::step() {
  const std::lock_guard lock(mutex_);
  return step_;
}

bool Chart::cut_short(const std::string& reason) {
  std::vector<std::filesystem::path> folders;
  {
    const std::lock_guard lock(mutex_);
    if (is_printed_) return false;
    folders = folders_;
    report_.findings.push_back(
        {Verdict::kWrong, "unfinished", "in the step \"" + step_ + "\": " + reason, remedy_});
  }
  print();
  remove_if_it_answers(std::move(folders));
  return true;
}

void Chart::remove_when_cut_short(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  folders_.push_back(folder);
}

void Chart::print() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_printed_, true)) return;
  print_(report_);
}

bool Chart::is_wrong() {
  const std::lock_guard lock(mutex_);
  return report_.is_wrong();
}

}  // namespace zoetrope::doctor
