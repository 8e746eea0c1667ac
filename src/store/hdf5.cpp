// SPDX-License-Identifier: Apache-2.0
#include "hdf5.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <system_error>

#include <pthread.h>

#include "zoetrope/store/hdf5_version.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/system_error.hpp"

#include "hdf5_state.hpp"

namespace zoetrope::store {
namespace {

herr_t collect_description(unsigned /*depth*/, const H5E_error2_t* entry, void* out) {
  if (entry->desc != nullptr && *entry->desc != '\0') {
    static_cast<std::vector<std::string>*>(out)->emplace_back(entry->desc);
  }
  return 0;
}

herr_t collect_hard_link(hid_t /*group*/, const char* name, const H5L_info_t* link, void* out) {
  if (link->type == H5L_TYPE_HARD) static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

void set_up_hdf5() {
  // HDF5 1.10's own clean-up at exit crashes on a file that could not be closed (a full disk). Every handle
  // here has an owner, so nothing is left for it to do.
  H5dont_atexit();
  // Errors are reported by exceptions; HDF5 need not print them, too.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

PropertyList file_access(const Hdf5File::State& state, Hdf5File::Format format = Hdf5File::Format::kOurs) {
  PropertyList access(state.check(H5Pcreate(H5P_FILE_ACCESS), "", "cannot set up HDF5"));
  // Strong: closing the file closes whatever is still open in it, so that an error path leaks no file.
  state.check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "", "cannot set up HDF5");
  // HDF5 1.8's file format: its headers carry checksums, which the default, older one lacks. HDF5 reads
  // beyond its buffers on some damaged headers without.
  const H5F_libver_t newest = format == Hdf5File::Format::kOurs ? H5F_LIBVER_V18 : H5F_LIBVER_LATEST;
  state.check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, newest), "", "cannot set up HDF5");
  state.check(H5Pset_file_locking(access.get(), false, true), "", "cannot set up HDF5's file locking");
  return access;
}

// What no damage of a file leaves in errno.
constexpr std::array kOfTheSystem = {EIO, ESTALE, EACCES, EPERM, EMFILE, ENFILE, ETIMEDOUT};

// HDF5's words for a system call that failed hold "errno = 5".
int system_error_in(const std::string& description) {
  constexpr std::string_view kErrno = "errno = ";
  const std::size_t at = description.find(kErrno);
  int error = 0;
  if (at != std::string::npos)
    std::from_chars(description.data() + at + kErrno.size(), description.data() + description.size(), error);
  return error;
}

}  // namespace

namespace {

void hold_at_fork() {
  hdf5_mutex().lock();
}
void let_go_after_fork() {
  hdf5_mutex().unlock();
}
// Whoever has forked holds it, and goes on in the child under another number: for the system another thread.
void renew_in_child() {
  std::construct_at(&hdf5_mutex());
}

}  // namespace

std::recursive_mutex& hdf5_mutex() {
  static std::recursive_mutex mutex;
  [[maybe_unused]] static const int is_set_up =
      ::pthread_atfork(hold_at_fork, let_go_after_fork, renew_in_child);
  return mutex;
}

ErrorStack take_error_stack() {
  std::vector<std::string> descriptions;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_description, &descriptions);
  H5Eclear2(H5E_DEFAULT);
  ErrorStack stack;
  for (const std::string& description : descriptions)
    if (stack.system_error == 0) stack.system_error = system_error_in(description);
  if (descriptions.empty()) return stack;
  stack.words = descriptions.back();
  if (descriptions.size() > 1) stack.words += ": " + descriptions.front();
  std::replace(stack.words.begin(), stack.words.end(), '\n', ' ');
  return stack;
}

void Hdf5File::State::fail(const std::string& place, const std::string& what) const {
  const ErrorStack stack = take_error_stack();
  const std::string message = (place.empty() ? "" : place + ": ") + what;
  if (!writing && stack.system_error != 0) support::throw_system_error(path, message, stack.system_error);
  const std::string whole =
      path.string() + ": " + message + (stack.words.empty() ? "" : " (HDF5: " + stack.words + ")");
  if (writing) throw RunError(whole);
  throw InputError(whole);
}

bool Hdf5File::State::is_there(htri_t answer, const std::string& place) const {
  const ErrorStack stack = take_error_stack();
  if (answer < 0 && stack.system_error != 0)
    support::throw_system_error(path, place + ": cannot be looked for", stack.system_error);
  return answer > 0;
}

Hdf5File::Hdf5File(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hdf5File::~Hdf5File() = default;
Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&&) noexcept = default;

Hdf5File Hdf5File::open(const std::filesystem::path& path, Format format) {
  support::mark_progress();
  auto state = std::make_unique<State>();
  set_up_hdf5();
  state->path = path;
  if (!support::is_listed(path) || !support::is_regular_file(path)) state->fail("", "there is no such file");
  support::refuse_lfs_pointer(path);
  const PropertyList access = file_access(*state, format);
  const std::string trouble = "this is not a readable HDF5 file";
  support::try_again([&] {
    errno = 0;
    state->file = FileHandle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
    // HDF5 does not say why lstat() or fstat() has failed.
    if (!state->file.valid() && std::ranges::find(kOfTheSystem, errno) != kOfTheSystem.end())
      support::throw_system_error(path, trouble, errno);
    state->check(state->file.get(), "", trouble);
  });
  return Hdf5File(std::move(state));
}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  set_up_hdf5();
  state->path = path;
  state->writing = true;
  const PropertyList access = file_access(*state);
  state->file = FileHandle(state->check(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.get()), "",
                                        "cannot create the file"));
  return Hdf5File(std::move(state));
}

void Hdf5File::close() {
  if (!state_ || !state_->file.valid()) return;
  if (state_->writing) {
    state_->check(H5Fflush(state_->file.get(), H5F_SCOPE_GLOBAL), "", "cannot write to disk; is it full?");
  }
  state_->check(H5Fclose(state_->file.release()), "", "cannot close the file; is the disk full?");
  state_->alone.unlock();
}

bool Hdf5File::has(const std::string& name) const {
  const std::string absolute = absolute_name(name);
  return state_->is_there(H5Lexists(state_->file.get(), absolute.c_str(), H5P_DEFAULT), absolute);
}

// In the order in which they lie there. To name them by their place in another order HDF5 1.10 makes a list
// of which it frees, where one cannot be read, what it never made.
std::vector<std::string> Hdf5File::names() const {
  std::vector<std::string> linked, names;
  state_->check(
      H5Literate(state_->file.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_hard_link, &linked), "/",
      "cannot list the datasets");
  for (std::string& name : linked) {
    const Object object(
        state_->check(H5Oopen(state_->file.get(), name.c_str(), H5P_DEFAULT), name, "cannot be opened"));
    if (H5Iget_type(object.get()) == H5I_DATASET) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

DatasetInfo Hdf5File::info(const std::string& name) const {
  return open_dataset(*state_, name).info;
}

DatasetInfo Hdf5File::expect(const std::string& name, ElementType type) const {
  return open_dataset_as(*state_, name, type).info;
}

std::string hdf5_library_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace zoetrope::store
