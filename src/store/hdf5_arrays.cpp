// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/hdf5_arrays.hpp"

#include <algorithm>
#include <vector>

#include "hdf5_state.hpp"

namespace zoetrope::store {

namespace {

// IEEE 754's binary16, which HDF5 1.10 has no name for: as h5py writes it.
Datatype half_type(const Hdf5File::State& state, const std::string& name) {
  constexpr const char* kWhat = "its type cannot be looked at";
  Datatype half(state.check(H5Tcopy(H5T_IEEE_F32LE), name, kWhat));
  state.check(H5Tset_fields(half.get(), 15, 10, 5, 0, 10), name, kWhat);
  state.check(H5Tset_size(half.get(), 2), name, kWhat);
  state.check(H5Tset_ebias(half.get(), 15), name, kWhat);
  return half;
}

// Whether numbers of floating point are laid out as those of IEEE 754 of their size.
bool is_ieee(const Hdf5File::State& state, const std::string& name, hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  const Datatype half = half_type(state, name);
  const hid_t known = bytes == 2 ? half.get() : bytes == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
  const Datatype little(state.check(H5Tcopy(type), name, "its type cannot be looked at"));
  state.check(H5Tset_order(little.get(), H5T_ORDER_LE), name, "its type cannot be looked at");
  return bytes <= 8 && H5Tequal(little.get(), known) > 0;
}

// Whether a whole number fills all of its bits.
bool is_plain(hid_t type) {
  return H5Tget_precision(type) == 8 * H5Tget_size(type) && H5Tget_offset(type) == 0;
}

}  // namespace

Hdf5Arrays::Hdf5Arrays(const std::filesystem::path& path)
    : file_(std::make_unique<Hdf5File>(Hdf5File::open(path, Hdf5File::Format::kAny))) {}
Hdf5Arrays::~Hdf5Arrays() = default;

std::vector<std::string> Hdf5Arrays::names() const {
  return file_->names();
}

Hdf5Array Hdf5Arrays::describe(const std::string& name) const {
  const Hdf5File::State& state = file_->state();
  const OpenDataset dataset = open_dataset_as(state, name, file_->info(name).type);
  const Datatype type(
      state.check(H5Dget_type(dataset.id.get()), absolute_name(name), "has no readable type"));
  Hdf5Array array{dataset.info.shape, 0, dataset.element_bytes, H5Tget_order(type.get()) == H5T_ORDER_BE};
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind == H5T_FLOAT && is_ieee(state, absolute_name(name), type.get())) array.kind = 'f';
  const bool is_usual = array.bytes == 1 || array.bytes == 2 || array.bytes == 4 || array.bytes == 8;
  if (kind == H5T_INTEGER && is_usual && is_plain(type.get()))
    array.kind = H5Tget_sign(type.get()) == H5T_SGN_2 ? 'i' : 'u';
  return array;
}

void Hdf5Arrays::read(const std::string& given_name, std::uint64_t first, std::uint64_t count,
                      std::span<std::byte> into) const {
  const Hdf5File::State& state = file_->state();
  const std::string name = absolute_name(given_name);
  const OpenDataset dataset = open_dataset_as(state, name, file_->info(name).type);
  std::vector<hsize_t> start(dataset.info.shape.size()),
      size(dataset.info.shape.begin(), dataset.info.shape.end());
  if (size.empty() || first > size[0] || count > size[0] - first)
    state.fail(name, "does not have so many entries");
  start[0] = first;
  size[0] = count;
  std::uint64_t bytes = dataset.element_bytes;
  for (const hsize_t part : size) bytes *= part;
  if (bytes != into.size()) state.fail(name, "has entries of another size");
  if (bytes == 0) return;
  const Dataspace file(state.check(H5Dget_space(dataset.id.get()), name, "has no readable shape"));
  const Dataspace memory(state.check(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                                     name, "cannot have this shape"));
  state.check(H5Sselect_hyperslab(file.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
              name, "these entries cannot be selected");
  const Datatype type(state.check(H5Dget_type(dataset.id.get()), name, "has no readable type"));
  state.check(H5Dread(dataset.id.get(), type.get(), memory.get(), file.get(), H5P_DEFAULT, into.data()), name,
              "cannot be read");
}

}  // namespace zoetrope::store
