// SPDX-License-Identifier: Apache-2.0
#include "hdf5.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

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

// HDF5's words for a system call that failed hold "errno = 5".
int system_error_in(const std::string& stack) {
  constexpr std::string_view kErrno = "errno = ";
  const std::size_t at = stack.find(kErrno);
  int error = 0;
  if (at != std::string::npos)
    std::from_chars(stack.data() + at + kErrno.size(), stack.data() + stack.size(), error);
  return error;
}

}  // namespace

std::recursive_mutex& hdf5_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

std::string take_error_stack() {
  std::vector<std::string> descriptions;  // outermost call first
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_description, &descriptions);
  H5Eclear2(H5E_DEFAULT);
  if (descriptions.empty()) return "";
  std::string text = descriptions.back();
  if (descriptions.size() > 1) text += ": " + descriptions.front();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void Hdf5File::State::fail(const std::string& place, const std::string& what) const {
  const std::string stack = take_error_stack();
  const std::string message = (place.empty() ? "" : place + ": ") + what;
  if (const int error = writing ? 0 : system_error_in(stack))
    support::throw_system_error(path, message, error);
  const std::string whole = path.string() + ": " + message + (stack.empty() ? "" : " (HDF5: " + stack + ")");
  if (writing) throw RunError(whole);
  throw InputError(whole);
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
  std::error_code error;
  const bool is_there = support::is_listed(path) && std::filesystem::is_regular_file(path, error);
  if (error && error != std::errc::no_such_file_or_directory)
    support::throw_system_error(path, "cannot be opened", error.value());
  if (!is_there) state->fail("", "there is no such file");
  support::refuse_lfs_pointer(path);
  const PropertyList access = file_access(*state, format);
  state->file = FileHandle(state->check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), "",
                                        "this is not a readable HDF5 file"));
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
}

bool Hdf5File::has(const std::string& name) const {
  const std::string absolute = absolute_name(name);
  const bool found = H5Lexists(state_->file.get(), absolute.c_str(), H5P_DEFAULT) > 0;
  H5Eclear2(H5E_DEFAULT);  // a missing group on the way is an answer, not an error
  return found;
}

std::vector<std::string> Hdf5File::names() const {
  H5G_info_t group{};
  state_->check(H5Gget_info(state_->file.get(), &group), "/", "cannot list the datasets");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < group.nlinks; ++i) {
    const auto name_of = [&](char* buffer, std::size_t size) {
      return H5Lget_name_by_idx(state_->file.get(), "/", H5_INDEX_NAME, H5_ITER_INC, i, buffer, size,
                                H5P_DEFAULT);
    };
    const auto length = state_->check(name_of(nullptr, 0), "/", "cannot list the datasets");
    std::string name(static_cast<std::size_t>(length), '\0');
    state_->check(name_of(name.data(), name.size() + 1), "/", "cannot list the datasets");
    H5L_info_t link{};
    state_->check(H5Lget_info(state_->file.get(), name.c_str(), &link, H5P_DEFAULT), name,
                  "cannot be looked at");
    if (link.type != H5L_TYPE_HARD) continue;
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
