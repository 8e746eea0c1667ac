// SPDX-License-Identifier: Apache-2.0
// HDF5's C API behind owning handles; every call is checked once and its error stack becomes the message.
// HDF5 here is not thread-safe: while a thread has files open, others wait to open theirs, and to fork().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::store {

enum class ElementType { kFloat32, kFloat64, kInt32, kInt64, kString, kOther };

struct DatasetInfo {
  std::vector<std::uint64_t> shape;
  ElementType type = ElementType::kOther;
};

// An open HDF5 file, of the thread that has opened it. Errors are InputError on reading and RunError on
// writing; each names the file and the dataset or attribute. A read allocates no more than the file really
// stores, whatever its header claims; data outside the file (external and virtual storage, links to other
// files) and compressed data are refused. Files are not locked, since NFS and Lustre often refuse locks: a
// file has one writer, which writes under a temporary name. HDF5_USE_FILE_LOCKING in the environment still
// decides.
class Hdf5File {
 public:
  enum class Format { kOurs, kAny };  // HDF5 1.8's, or also newer ones

  static Hdf5File open(const std::filesystem::path& path, Format format = Format::kOurs);  // read-only
  static Hdf5File create(const std::filesystem::path& path);  // fails when it exists
  ~Hdf5File();
  Hdf5File(Hdf5File&&) noexcept;
  Hdf5File& operator=(Hdf5File&&) noexcept;
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  bool has(const std::string& name) const;
  std::vector<std::string> names() const;  // the datasets at the root, sorted
  DatasetInfo info(const std::string& name) const;
  // Throws unless the dataset is of this type and the file stores all bytes of its shape. Reads no values.
  DatasetInfo expect(const std::string& name, ElementType type) const;

  // Whole datasets. `shape` is what is written; values.size() must be its product.
  void write(const std::string& name, std::span<const float> values, const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const double> values,
             const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const std::int64_t> values,
             const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const std::int32_t> values,
             const std::vector<std::uint64_t>& shape);
  void write(const std::string& name,
             const std::vector<std::string>& values);  // UTF-8, padded with NUL to one length

  // A dataset to be filled by rows [first, first + rows) of dimension 0.
  void create_float_rows(const std::string& name, std::uint64_t rows, std::uint64_t columns);
  void write_rows(const std::string& name, std::uint64_t first, std::span<const float> values);

  std::vector<float> read_floats(const std::string& name) const;
  std::vector<double> read_doubles(const std::string& name) const;
  std::vector<std::int64_t> read_ints(const std::string& name) const;
  std::vector<std::int32_t> read_short_ints(const std::string& name) const;
  std::vector<std::string> read_strings(const std::string& name) const;
  // Where the values of a float dataset lie in the file. Throws where they are not one piece of it, or other
  // than this machine has them in memory.
  std::uint64_t offset_of_floats(const std::string& name) const;
  // Rows [first, first + values.size() / columns) of a 2-D float dataset.
  void read_rows(const std::string& name, std::uint64_t first, std::span<float> values) const;

  // Attributes of `name` ("/" for the file's root).
  void set_attribute(const std::string& name, const std::string& key, const std::string& value);
  void set_attribute(const std::string& name, const std::string& key, std::int64_t value);
  void set_attribute(const std::string& name, const std::string& key, double value);
  std::string string_attribute(const std::string& name, const std::string& key) const;
  // Of the file's root; "" where it has none of the name.
  std::string string_attribute_if_any(const std::string& key) const;
  std::int64_t int_attribute(const std::string& name, const std::string& key) const;
  double double_attribute(const std::string& name, const std::string& key) const;

  // Digests of all that has been written, as the root's attribute zoetrope_digest: the last that is written.
  void write_digest();
  // Throws unless what the digests were made of is what has been read, each dataset whole. False: the file
  // has none.
  bool verify() const;
  // One digest of the whole content, of what the file says its digests are; "" where it has none.
  std::string content_digest() const;

  // Flushes and closes; errors of closing (a full disk) are thrown here and swallowed by the destructor.
  // Others may open theirs from then on: fsync() is no work of HDF5's.
  void close();

  struct State;  // src/store/hdf5_state.hpp: for what this interface lacks, inside of the room
  const State& state() const { return *state_; }

 private:
  explicit Hdf5File(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace zoetrope::store
