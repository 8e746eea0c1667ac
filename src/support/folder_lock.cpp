// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/folder_lock.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/system_error.hpp"

#include "file_descriptor.hpp"
#include "process_name.hpp"

namespace zoetrope::support {

namespace fs = std::filesystem;

namespace {

constexpr int kBeatsUntilDead = 6;
constexpr std::size_t kMostBytes = 4096;

enum class Grant { kGiven, kRefused, kNoLocks };

// Of an open file description: closing another one of the same file, as HDF5 and libraries do, does not lose
// it.
Grant ask_system(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return Grant::kGiven;
  return errno == EAGAIN || errno == EACCES ? Grant::kRefused : Grant::kNoLocks;
}

struct Owner {
  ProcessName process;
  std::string description;  // for people
};

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  struct tm local {};
  ::localtime_r(&now, &local);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  return text.data();
}

std::string own_entry() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  Json entry = {{"process", ProcessName::own().text()},
                {"host", host.data()},
                {"pid", ::getpid()},
                {"since", now_as_text()}};
  if (const char* job = std::getenv("SLURM_JOB_ID"); job != nullptr) entry["slurm_job"] = job;
  return entry.dump() + "\n";
}

// None where the file is empty, as an owner that ended in order leaves it, or damaged: then the system's lock
// alone counts.
std::optional<Owner> owner_in(std::string_view text) {
  try {
    const Json entry = parse_json(text, "");
    auto process = ProcessName::parse(entry.at("process").get<std::string>());
    if (!process) return std::nullopt;
    std::string description = "process " + std::to_string(entry.at("pid").get<std::int64_t>()) + " on " +
                              entry.at("host").get<std::string>();
    if (entry.contains("slurm_job")) description += ", Slurm job " + entry.at("slurm_job").get<std::string>();
    return Owner{std::move(*process), description + ", since " + entry.at("since").get<std::string>()};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Which file it is, whatever its name. What is asked of the lock's file here throws where the file system
// gives no answer, since that tells neither that another job has it nor that none has.
struct Identity {
  dev_t device;
  ino_t number;
  bool operator==(const Identity&) const = default;
};

Identity identity_of(const fs::path& path, int fd) {
  struct stat opened {};
  if (::fstat(fd, &opened) != 0) throw_system_error(path, "cannot be looked at", errno);
  return {opened.st_dev, opened.st_ino};
}

std::string content_of(const fs::path& path, int fd) {
  std::string text(kMostBytes, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  if (count < 0) throw_system_error(path, "cannot be read", errno);
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// Whether the name still leads to that file.
bool is_in_place(const fs::path& path, const Identity& file) {
  struct stat named {};
  if (::stat(path.c_str(), &named) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw_system_error(path, "cannot be looked at", errno);
  }
  return Identity{named.st_dev, named.st_ino} == file;
}

}  // namespace

class FolderLock::Held {
 public:
  Held(fs::path folder, const std::string& file_name, const LockOptions& options,
       std::function<void(const std::string&)> on_loss)
      : folder_(std::move(folder)),
        path_(folder_ / file_name),
        options_(options),
        on_loss_(std::move(on_loss)) {
    wait_for_it();
    beats_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
  }

  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  ~Held() {
    beats_.request_stop();
    beats_.join();
    // Whoever waits for the lock of a file that has no name any more looks for the name anew.
    try {
      if (is_mine()) ::unlink(path_.c_str());
    } catch (const Error&) {
      // It stays, as that of a job that was killed, and keeps nobody out.
    }
  }

 private:
  void wait_for_it() {
    using namespace std::chrono_literals;
    const auto start = std::chrono::steady_clock::now();
    bool is_said = false;
    while (!try_again([this] { return try_to_take(); })) {
      if (std::chrono::steady_clock::now() - start > options_.patience)
        throw RunError(
            folder_.string() + ": another job works there (" + owner_ +
            ") and has not ended within --timeout: wait for its end, give another --run, or, where "
            "it is certain that it no longer runs, --take-over");
      if (received_signal() != 0)
        throw Interrupted("interrupted: another job worked in " + folder_.string() + "; nothing is done yet");
      if (!std::exchange(is_said, true))
        log_info(folder_.string() + ": waits for another job that works there (" + owner_ + ")");
      mark_progress();
      std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(1s, options_.beat));
    }
  }

  bool try_to_take() {
    FileDescriptor fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd.valid()) throw_system_error(path_, "cannot be created", errno);
    const Grant grant = ask_system(fd.get());
    const Identity identity = identity_of(path_, fd.get());
    if (!is_in_place(path_, identity)) return false;
    const auto owner = owner_in(content_of(path_, fd.get()));
    if (!options_.take_over) {
      owner_ = owner ? owner->description : "it does not say which";
      if (grant == Grant::kRefused ? !is_silent_elsewhere(fd.get(), owner) : is_alive(fd.get(), owner, grant))
        return false;
    }
    if (grant == Grant::kGiven && write_into(fd.get())) {
      fd_ = std::move(fd);
      identity_ = identity;
      return true;
    }
    return replace();
  }

  // Though the system gave the lock: it may keep apart only the processes of one machine, or none.
  bool is_alive(int fd, const std::optional<Owner>& owner, Grant grant) {
    if (!owner) return false;
    const Life life = life_of(owner->process);
    if (life == Life::kUnknown) return !is_silent_elsewhere(fd, owner);
    return life == Life::kLives && grant == Grant::kNoLocks;
  }

  // By this process's clock, and as often as the file could be looked at: a file server that does not answer
  // for a while is no death.
  bool is_silent_elsewhere(int fd, const std::optional<Owner>& owner) {
    if (!owner || life_of(owner->process) != Life::kUnknown) return false;
    struct stat status {};
    if (::fstat(fd, &status) != 0) return false;
    const auto now = std::chrono::steady_clock::now();
    const std::pair beat(status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    if (beat != last_beat_) {
      last_beat_ = beat;
      heard_ = now;
      looks_ = 0;
    }
    return ++looks_ > kBeatsUntilDead && now - heard_ > kBeatsUntilDead * options_.beat;
  }

  bool write_into(int fd) {
    const std::string entry = own_entry();
    return ::ftruncate(fd, 0) == 0 &&
           ::pwrite(fd, entry.data(), entry.size(), 0) == static_cast<ssize_t>(entry.size());
  }

  // Where there is no lock to be had on the file that is there: by another one of this name. Of several that
  // do so at the same time the last has it.
  bool replace() {
    write_file(path_, own_entry());
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(std::chrono::seconds(2), options_.beat));
    fd_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd_.valid()) return false;
    identity_ = identity_of(path_, fd_.get());
    if (!is_mine()) return false;
    ask_system(fd_.get());
    return true;
  }

  bool is_mine() const {
    if (!is_in_place(path_, identity_)) return false;
    const auto owner = owner_in(content_of(path_, fd_.get()));
    return owner && owner->process.text() == ProcessName::own().text();
  }

  // A file server that does not answer is no loss: the next beat asks again.
  bool is_lost() {
    try {
      const bool is_lost = !is_mine();
      is_unanswered_ = false;
      return is_lost;
    } catch (const Error& error) {
      if (!std::exchange(is_unanswered_, true))
        log_warning(std::string(error.what()) +
                    "; whether another job has taken over is asked until it can be");
      return false;
    }
  }

  void beat(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, options_.beat, [] { return false; })) {
      if (stop.stop_requested()) return;
      ::futimens(fd_.get(), nullptr);
      if (!is_lost()) continue;
      on_loss_(folder_.string() + ": another job has taken over there, so this one ends");
      return;
    }
  }

  const fs::path folder_;
  const fs::path path_;
  const LockOptions options_;
  const std::function<void(const std::string&)> on_loss_;
  FileDescriptor fd_{-1};
  Identity identity_{};                          // of what is open
  bool is_unanswered_ = false;                   // since a beat
  std::string owner_ = "it does not say which";  // of the lock, while it is waited for
  std::pair<std::time_t, long> last_beat_{-1, -1};
  std::chrono::steady_clock::time_point heard_;
  int looks_ = 0;  // since then
  std::jthread beats_;
};

FolderLock::FolderLock(const fs::path& folder, const std::string& file_name, const LockOptions& options,
                       std::function<void(const std::string&)> on_loss)
    : held_(std::make_unique<Held>(folder, file_name, options, std::move(on_loss))) {}
FolderLock::~FolderLock() = default;

}  // namespace zoetrope::support
