// SPDX-License-Identifier: Apache-2.0
#include "run_folder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include <unistd.h>

#include "zoetrope/doctor/roll_call.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/text.hpp"

#include "file_probe.hpp"
#include "quantities.hpp"

namespace zoetrope::doctor {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCheck = "run directory";
constexpr std::int64_t kLittleSpace = std::int64_t{1} << 30;
constexpr std::int64_t kFewFiles = 1000;
constexpr double kSlowFlush = 1.0;  // seconds

// What is seen from here; nothing where the folder cannot be listed.
std::vector<std::string> names_if_any(const fs::path& folder) {
  try {
    return support::names_in(folder);
  } catch (const Error&) {
    return {};
  }
}

// What a host's speaker tells the others.
struct HostAnswer {
  std::string type;
  std::int64_t free_bytes = 0;
  std::int64_t free_files = -1;
  std::string error;
  std::string lock_error;
  double write_s = 0;
  double flush_s = 0;
  bool sees_folder = false;
  std::vector<std::string> unseen;  // hosts whose files it does not see
  std::string lock_of_another;      // "given" where a lock that host 0 has is given to it, too
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HostAnswer, type, free_bytes, free_files, error, lock_error, write_s,
                                   flush_s, sees_folder, unseen, lock_of_another)

class Look {
 public:
  Look(const fs::path& run, const std::vector<Host>& hosts, comm::Communicator& control,
       const std::function<void(const std::string&)>& announce,
       const std::function<void(const fs::path&)>& on_folder)
      : run_(run), hosts_(hosts), control_(control), announce_(announce), on_folder_(on_folder) {
    const auto own = std::ranges::find(hosts_, control.rank(), &Host::speaker);
    if (own != hosts_.end()) own_ = static_cast<int>(own - hosts_.begin());
  }
  // The answers of the hosts; none where rank 0 could not make a folder: `error` says why.
  std::vector<HostAnswer> ask(std::string& error) {
    announce_("making a folder");
    error = make_folder();
    if (!error.empty()) return {};
    announce_("writing, flushing and renaming");
    if (own_ >= 0) write();
    const std::vector<HostAnswer> written = exchange();
    announce_("looking for the files of other hosts");
    if (own_ >= 0 && mine_.sees_folder) look_for_others(written);
    announce_("locks between hosts");
    try_lock_of_host_zero();
    return exchange();
  }

  const fs::path& home() const { return home_; }

 private:
  std::string make_folder() {
    std::string error;
    if (control_.rank() == 0) {
      home_ = nearest_folder(run_);
      made_.emplace(home_ / "zoetrope-doctor");
      folder_ = made_->temporary();
      try {
        support::create_new_folder(folder_);
      } catch (const Error& refused) {
        error = refused.what();
      }
    }
    error = comm::broadcast_string(control_, error, 0);
    home_ = comm::broadcast_string(control_, home_.string(), 0);
    folder_ = comm::broadcast_string(control_, folder_.string(), 0);
    on_folder_(folder_);
    return error;
  }

  static std::string file_of(int host) { return "host-" + std::to_string(host); }

  void write() {
    mine_.sees_folder = own_ == 0 || appears(folder_);
    if (!mine_.sees_folder) return;
    const FileProbe probe = probe_files(folder_, file_of(own_));
    mine_ = {probe.type,
             probe.free_bytes,
             probe.free_files,
             probe.error,
             probe.lock_error,
             probe.write_s,
             probe.flush_s,
             true,
             {},
             ""};
  }

  // One that could not write has nothing to be seen; it says so itself.
  void look_for_others(const std::vector<HostAnswer>& written) {
    using namespace std::chrono_literals;
    constexpr int kTries = 50;
    for (int i = 0; i < kTries; ++i) {
      const std::vector<std::string> names = names_if_any(folder_);
      mine_.unseen.clear();
      for (std::size_t host = 0; host < hosts_.size(); ++host)
        if (written[host].sees_folder && written[host].error.empty() &&
            !std::ranges::binary_search(names, file_of(static_cast<int>(host)) + ".done"))
          mine_.unseen.push_back(hosts_[host].name);
      if (mine_.unseen.empty()) return;
      std::this_thread::sleep_for(100ms);
    }
  }

  void try_lock_of_host_zero() {
    const fs::path file = folder_ / (file_of(0) + ".done");
    int descriptor = -1;
    if (own_ == 0 && mine_.error.empty()) try_lock(file, descriptor);
    control_.barrier();
    if (own_ > 0 && mine_.sees_folder && mine_.unseen.empty() &&
        try_lock(file, descriptor) == LockTry::kGiven)
      mine_.lock_of_another = "given";
    control_.barrier();
    if (descriptor >= 0) ::close(descriptor);
  }

  std::vector<HostAnswer> exchange() {
    const std::string own =
        own_ < 0 ? "" : support::Json(mine_).dump(-1, ' ', false, support::Json::error_handler_t::replace);
    const std::vector<std::string> all = comm::all_gather_strings(control_, own);
    std::vector<HostAnswer> answers;
    for (const Host& host : hosts_)
      answers.push_back(
          support::Json::parse(all[static_cast<std::size_t>(host.speaker())]).get<HostAnswer>());
    return answers;
  }

  const fs::path& run_;
  const std::vector<Host>& hosts_;
  comm::Communicator& control_;
  const std::function<void(const std::string&)>& announce_;
  const std::function<void(const fs::path&)>& on_folder_;
  int own_ = -1;  // the host that this rank speaks for
  fs::path home_;
  fs::path folder_;
  std::optional<support::AtomicPath> made_;  // rank 0's, never put in place: removed at the end
  HostAnswer mine_;
};

Finding wrong(std::string text, std::string remedy) {
  return {Verdict::kWrong, kCheck, std::move(text), std::move(remedy)};
}

Finding warning(std::string text, std::string remedy) {
  return {Verdict::kWarning, kCheck, std::move(text), std::move(remedy)};
}

std::string words(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The names of the hosts of which `holds` is true; "" where there is none.
template <typename Holds>
std::string hosts_where(const std::vector<Host>& hosts, const std::vector<HostAnswer>& answers, Holds holds) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    if (holds(answers[i])) names.push_back(hosts[i].name);
  return words(names);
}

// What keeps a run from working there.
std::vector<Finding> judge_use(const std::string& home, const std::vector<Host>& hosts,
                               const std::vector<HostAnswer>& answers) {
  std::vector<Finding> found;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    if (!answers[i].error.empty())
      found.push_back(wrong(home + ", from " + hosts[i].name + ": " + answers[i].error,
                            "make room, or mend its permissions or its mount; or give another --run"));
  if (const std::string blind =
          hosts_where(hosts, answers, [](const auto& each) { return !each.sees_folder; });
      !blind.empty())
    found.push_back(
        wrong(home + " is not shared: what " + hosts.front().name + " writes there is not seen by " + blind,
              "give a --run on a file system that all hosts mount under the same path"));
  for (std::size_t i = 0; i < hosts.size(); ++i)
    if (!answers[i].unseen.empty())
      found.push_back(wrong(home + ": " + hosts[i].name +
                                " does not see, within 5 s, what is written there by " +
                                words(answers[i].unseen),
                            "give a --run on a file system that all hosts mount under the same path"));
  return found;
}

// What makes it slower or less safe.
std::vector<Finding> judge_quality(const std::string& home, const std::vector<Host>& hosts,
                                   const std::vector<HostAnswer>& answers) {
  std::vector<Finding> found;
  const auto add = [&](const std::string& who, const std::string& what, const std::string& remedy) {
    if (!who.empty()) found.push_back(warning(home + ", from " + who + ": " + what, remedy));
  };
  const HostAnswer& first = answers.front();
  const auto has_no_locks = [](const HostAnswer& each) { return !each.lock_error.empty(); };
  const auto unlocked = std::ranges::find_if(answers, has_no_locks);
  add(hosts_where(hosts, answers, has_no_locks),
      "no locks (" + (unlocked == answers.end() ? "" : unlocked->lock_error) + ")",
      "jobs in one run directory are kept apart by the times of a file then, which takes half a minute: "
      "start one at a time");
  add(hosts_where(hosts, answers, [](const auto& each) { return each.lock_of_another == "given"; }),
      "a lock that " + hosts.front().name + " holds is given there, too",
      "mount it with locks between hosts (Lustre: -o flock; NFS: no nolock); until then start one job at a "
      "time in a run directory");
  if (first.free_bytes < kLittleSpace)
    found.push_back(warning(home + ": " + format_size(first.free_bytes) + " are free",
                            "a checkpoint takes the model's size, one to go on from three times that"));
  if (first.free_files >= 0 && first.free_files < kFewFiles)
    found.push_back(warning(home + ": room for " + std::to_string(first.free_files) + " files more (df -i)",
                            "a checkpoint takes eight or so"));
  add(hosts_where(hosts, answers, [](const auto& each) { return each.flush_s > kSlowFlush; }),
      "4 MiB take longer than a second to be flushed to disk",
      "a run flushes every file: expect slow checkpoints");
  if (first.type == "tmpfs")
    found.push_back(warning(home + " is memory (tmpfs): it is gone when the host is restarted",
                            "give a --run on a disk"));
  return found;
}

}  // namespace

std::vector<Finding> look_at_run_folder(const fs::path& run, const std::vector<Host>& hosts,
                                        comm::Communicator& control,
                                        const std::function<void(const std::string&)>& announce,
                                        const std::function<void(const fs::path&)>& on_folder) {
  std::string error;
  Look look(run, hosts, control, announce, on_folder);
  const std::vector<HostAnswer> answers = look.ask(error);
  if (answers.empty())
    return {wrong(error, "make room, or mend its permissions or its mount; or give another --run")};
  const std::string home = look.home().string();
  std::vector<Finding> found = judge_use(home, hosts, answers);
  if (!found.empty()) return found;
  found = judge_quality(home, hosts, answers);
  const HostAnswer& first = answers.front();
  const auto slowest = std::ranges::max(answers, {}, &HostAnswer::flush_s);
  const double megabytes = static_cast<double>(FileProbe::kBytes) * 1e-6;
  found.push_back({Verdict::kOk, kCheck,
                   home + ": " + first.type + ", " + format_size(first.free_bytes) + " free, " +
                       (hosts.size() > 1 ? "shared by all hosts, " : "") + "4 MiB written at " +
                       support::format_rate(megabytes / std::max(first.write_s, 1e-9)) +
                       " MB/s and flushed in " + support::format_fixed(slowest.flush_s * 1e3, 1) + " ms",
                   ""});
  return found;
}

}  // namespace zoetrope::doctor
