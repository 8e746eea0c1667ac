// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/folder_lock.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/system_error.hpp"

#include "file_descriptor.hpp"
#include "lock_file.hpp"
#include "process_name.hpp"

namespace zoetrope::support {

namespace fs = std::filesystem;

namespace {

constexpr int kBeatsUntilDead = 6;

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
    const std::lock_guard lock(all_mutex_);
    all_.push_back(this);
  }

  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  ~Held() {
    {
      const std::lock_guard lock(all_mutex_);
      std::erase(all_, this);
    }
    beats_.request_stop();
    beats_.join();
    release();
  }

  // Of this process, or of its parent as it was when it forked: then nobody else uses the list.
  static const std::vector<Held*>& all() { return all_; }

  // The three of a child, which has none of the parent's threads; of its own it has one that beats.
  bool inherit(void (*on_loss)()) {
    try {
      if (!is_mine()) return false;
      if (!write_entry(fd_.get(), inherited_entry(content_of(path_, fd_.get())))) return false;
      name_ = ProcessName::own();
      if (!is_mine()) return false;
    } catch (const Error&) {
      return false;
    }
    std::thread([this, on_loss] {
      for (; !is_lost(); std::this_thread::sleep_for(options_.beat)) ::futimens(fd_.get(), nullptr);
      on_loss();
    }).detach();
    return true;
  }
  bool is_held() { return !is_lost(); }
  // Whoever waits for the lock of a file that has no name any more looks for the name anew.
  void release() {
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
    const FileIdentity identity = identity_of(path_, fd.get());
    if (!is_in_place(path_, identity)) return false;
    const std::string text = content_of(path_, fd.get());
    const auto owner = owner_in(text);
    if (!options_.take_over) {
      owner_ = owner ? owner->description : "it does not say which";
      if (grant == Grant::kRefused ? !is_silent_elsewhere(fd.get(), owner) : is_alive(fd.get(), owner, grant))
        return false;
    }
    if (grant == Grant::kGiven && write_entry(fd.get(), own_entry())) {
      fd_ = std::move(fd);
      identity_ = identity;
      return true;
    }
    return replace(fd.get(), identity, text);
  }

  // Though the system gave the lock: it may keep apart only the processes of one machine, or none.
  bool is_alive(int fd, const std::optional<LockOwner>& owner, Grant grant) {
    if (!owner) return false;
    const Life life = life_of(owner->process);
    if (life == Life::kUnknown) return !is_silent_elsewhere(fd, owner);
    return life == Life::kLives && grant == Grant::kNoLocks;
  }

  // By this process's clock, and as often as the file could be looked at: a file server that does not answer
  // for a while is no death.
  bool is_silent_elsewhere(int fd, const std::optional<LockOwner>& owner) {
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

  // Where there is no lock to be had on the file that is there: by another one of this name, if that is still
  // `seen` with `text` in it when all that takes time is done. Of several that come to that in the same
  // moment the last has it, and all of them look once more after it.
  bool replace(int fd, const FileIdentity& seen, const std::string& text) {
    AtomicPath made(path_);  // not committed: a lock that a crash takes away is not missed
    NewFile file(made.temporary(), path_);
    file.write(own_entry());
    file.close();
    if (!is_in_place(path_, seen) || content_of(path_, fd) != text) return false;
    if (::rename(made.temporary().c_str(), path_.c_str()) != 0)
      throw_system_error(path_, "cannot be put in place", errno);
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
    return owner && owner->process.is_of_same_process(name_);
  }

  // A file server that does not answer is no loss: the next beat asks again.
  bool is_lost() {
    try {
      const bool is_lost = !is_mine();
      is_unanswered_ = false;
      return is_lost;
    } catch (const Error& error) {
      if (!is_unanswered_.exchange(true))
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
      on_loss_(folder_.string() + why_lost());
      return;
    }
  }

  // Without the file another job can begin at any time.
  std::string why_lost() const {
    try {
      if (!is_listed(path_))
        return ": " + path_.filename().string() +
               ", which keeps other jobs out, has been removed there, so this one ends; run the same command "
               "again";
    } catch (const Error&) {
      // Nobody knows: what is more likely is said.
    }
    return ": another job has taken over there, so this one ends";
  }

  const fs::path folder_;
  const fs::path path_;
  const LockOptions options_;
  const std::function<void(const std::string&)> on_loss_;
  ProcessName name_ = ProcessName::own();
  FileDescriptor fd_{-1};
  FileIdentity identity_{};                      // of what is open
  std::atomic<bool> is_unanswered_ = false;      // since a beat
  std::string owner_ = "it does not say which";  // of the lock, while it is waited for
  std::pair<std::time_t, long> last_beat_{-1, -1};
  std::chrono::steady_clock::time_point heard_;
  int looks_ = 0;  // since then
  std::jthread beats_;

  static inline std::mutex all_mutex_;
  static inline std::vector<Held*> all_;
};

FolderLock::FolderLock(const fs::path& folder, const std::string& file_name, const LockOptions& options,
                       std::function<void(const std::string&)> on_loss)
    : held_(std::make_unique<Held>(folder, file_name, options, std::move(on_loss))) {}
FolderLock::~FolderLock() = default;

bool FolderLock::inherit(void (*on_loss)()) {
  return std::ranges::all_of(Held::all(), [&](Held* held) { return held->inherit(on_loss); });
}

bool FolderLock::are_inherited_held() {
  return std::ranges::all_of(Held::all(), &Held::is_held);
}

void FolderLock::release_inherited() {
  for (Held* held : Held::all()) held->release();
}

}  // namespace zoetrope::support
