// SPDX-License-Identifier: Apache-2.0
// Inside of store::Hdf5File: owning handles for HDF5's identifiers, and the one place where a failed call
// becomes an exception.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "hdf5.hpp"
#include "hdf5_digest.hpp"

namespace zoetrope::store {

// Owns one HDF5 identifier; a negative one is empty.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  ~Handle() {
    if (id_ >= 0) Close(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  hid_t get() const noexcept { return id_; }
  bool valid() const noexcept { return id_ >= 0; }
  hid_t release() noexcept { return std::exchange(id_, -1); }

 private:
  hid_t id_ = -1;
};

using FileHandle = Handle<H5Fclose>;
using Dataset = Handle<H5Dclose>;
using Dataspace = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Attribute = Handle<H5Aclose>;
using PropertyList = Handle<H5Pclose>;
using Object = Handle<H5Oclose>;
static_assert(!std::is_copy_constructible_v<FileHandle>);

struct ErrorStack {
  std::string words;     // outermost and innermost reason; "" when there are none
  int system_error = 0;  // errno of a system call that failed on the way; 0: none did
};
// HDF5's, which is cleared.
ErrorStack take_error_stack();

// Held while a file is open. One thread may open several. fork() waits until no other thread holds it, since
// the child has nobody who would let go of it: there it is free.
std::recursive_mutex& hdf5_mutex();

struct Hdf5File::State {
  std::unique_lock<std::recursive_mutex> alone{hdf5_mutex()};  // first: the handles are closed under it
  std::filesystem::path path;
  bool writing = false;
  FileHandle file;
  mutable ContentDigest content;  // of what has been written or read

  // Throws InputError (reading) or RunError (writing): "<file>: <place>: <what> (HDF5: <stack>)".
  [[noreturn]] void fail(const std::string& place, const std::string& what) const;
  // HDF5's answer whether `place` is there. A missing group on the way is a no; a disk that cannot be read is
  // none, and throws.
  bool is_there(htri_t answer, const std::string& place) const;
  // Passes `result` on unless it is negative, HDF5's sign of failure.
  template <typename T>
  T check(T result, const std::string& place, const std::string& what) const {
    if (result < 0) fail(place, what);
    return result;
  }
};

// The dataset and what its header says.
struct OpenDataset {
  Dataset id;
  DatasetInfo info;
  std::size_t element_bytes = 0;
  std::uint64_t num_elements = 0;
};

std::string absolute_name(const std::string& name);  // "step" and "/step" are the same dataset
// Opens a dataset of this very file: links to other files, external storage and virtual datasets are refused,
// since a file from elsewhere could name any file of this machine in them.
OpenDataset open_dataset(const Hdf5File::State& state, const std::string& name);
// The same for reading whole: `expected` type, and the file really holds what the shape says, so that no
// memory is allocated on the word of a damaged header.
OpenDataset open_dataset_as(const Hdf5File::State& state, const std::string& name, ElementType expected);

// Attributes of the root. The second is what one holds: a text's bytes, a number's eight.
bool has_attribute(const Hdf5File::State& state, const std::string& key);
std::string attribute_bytes(const Hdf5File::State& state, const std::string& key);

// Text of `width` bytes, padded with NUL. Never of variable length: that lies in HDF5's global heap, and HDF5
// 1.10.8 runs in circles for ever on a heap with one damaged byte.
Datatype utf8_type(const Hdf5File::State& state, std::size_t width);

// Reads `count` strings of a dataset or attribute whose stored type is `stored`. `read(memory_type, buffer)`
// calls H5Dread or H5Aread; `place` names it in errors.
std::vector<std::string> read_strings_of(const Hdf5File::State& state, const std::string& place, hid_t stored,
                                         std::size_t count, const std::function<herr_t(hid_t, void*)>& read);

}  // namespace zoetrope::store
