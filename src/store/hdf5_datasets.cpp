// SPDX-License-Identifier: Apache-2.0
// Datasets: opening them with suspicion, reading and writing them whole or by rows.
#include <algorithm>
#include <limits>
#include <optional>

#include "zoetrope/support/listing.hpp"

#include "hdf5_state.hpp"
#include "hdf5_types.hpp"

namespace zoetrope::store {
namespace {

const char* type_name(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kFloat64:
      return "float64";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kInt64:
      return "int64";
    case ElementType::kString:
      return "text";
    default:
      return "another type";
  }
}

// The product, or nothing when it does not fit.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& factors, std::uint64_t start) {
  if (std::find(factors.begin(), factors.end(), 0U) != factors.end()) return 0;
  std::uint64_t result = start;
  for (const std::uint64_t factor : factors) {
    if (result > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
    result *= factor;
  }
  return result;
}

// Not packed, and no piece of it larger than the file: HDF5 sets aside whole pieces to unpack them.
void refuse_packed_storage(const Hdf5File::State& state, const OpenDataset& dataset, std::uint64_t file_bytes,
                           const std::string& name) {
  const PropertyList creation(state.check(H5Dget_create_plist(dataset.id.get()), name, "cannot be read"));
  if (state.check(H5Pget_nfilters(creation.get()), name, "cannot be read") > 0)
    state.fail(name, "is compressed or filtered; write it again without (h5repack -f NONE)");
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED) return;
  std::vector<hsize_t> chunk(dataset.info.shape.size());
  state.check(H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), name,
              "cannot be read");
  const auto bytes = product({chunk.begin(), chunk.end()}, dataset.element_bytes);
  if (!bytes || *bytes > file_bytes)
    state.fail(name, "is in chunks larger than the file; the file is damaged");
}

void refuse_storage_elsewhere(const Hdf5File::State& state, hid_t dataset, const std::string& name) {
  const PropertyList creation(state.check(H5Dget_create_plist(dataset), name, "cannot be read"));
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_VIRTUAL || H5Pget_external_count(creation.get()) > 0) {
    state.fail(name, "its values lie in another file; copy them into this one");
  }
}

std::vector<std::uint64_t> shape_of(const Hdf5File::State& state, hid_t dataset, const std::string& name) {
  const Dataspace space(state.check(H5Dget_space(dataset), name, "has no readable shape"));
  const int rank = state.check(H5Sget_simple_extent_ndims(space.get()), name, "has no readable shape");
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  state.check(H5Sget_simple_extent_dims(space.get(), extent.data(), nullptr), name, "has no readable shape");
  return {extent.begin(), extent.end()};
}

template <typename T>
std::vector<T> read_numbers(const Hdf5File::State& state, const std::string& name) {
  const OpenDataset dataset = open_dataset_as(state, name, kTypeOf<T>);
  std::vector<T> values(dataset.num_elements);
  if (!values.empty())
    state.check(H5Dread(dataset.id.get(), native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
                absolute_name(name), "cannot be read");
  state.content.add(absolute_name(name), 0, std::as_bytes(std::span(values)));
  return values;
}

Dataspace make_space(const Hdf5File::State& state, const std::string& name,
                     const std::vector<std::uint64_t>& shape) {
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return Dataspace(state.check(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                               name, "cannot have this shape"));
}

void write_values(const Hdf5File::State& state, const std::string& name, hid_t file_type, hid_t memory_type,
                  const void* values, std::size_t count, const std::vector<std::uint64_t>& shape) {
  if (product(shape, 1) != count) {
    state.fail(name, std::to_string(count) + " values do not fill its shape");
  }
  const Dataspace space = make_space(state, name, shape);
  const Dataset dataset(state.check(H5Dcreate2(state.file.get(), name.c_str(), file_type, space.get(),
                                               H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                    name, "cannot be created"));
  state.content.add(name, 0, {static_cast<const std::byte*>(values), count * H5Tget_size(memory_type)});
  if (count == 0) return;
  state.check(H5Dwrite(dataset.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name,
              "cannot be written");
}

template <typename T>
void write_values(const Hdf5File::State& state, const std::string& name, hid_t file_type,
                  std::span<const T> values, const std::vector<std::uint64_t>& shape) {
  write_values(state, name, file_type, native_type<T>(), values.data(), values.size(), shape);
}

// The part of a 2-D dataset that rows [first, first + count / columns) are, and the same block in memory.
struct RowSelection {
  Dataspace file;
  Dataspace memory;
};
RowSelection select_rows(const Hdf5File::State& state, const std::string& name, const OpenDataset& dataset,
                         std::uint64_t first, std::size_t count) {
  const std::vector<std::uint64_t>& shape = dataset.info.shape;
  if (shape.size() != 2)
    state.fail(name, "has " + std::to_string(shape.size()) + " dimensions; 2 are expected");
  const std::uint64_t columns = shape[1];
  if (columns == 0 || count % columns != 0)
    state.fail(name, std::to_string(count) + " values are not whole rows");
  const std::uint64_t rows = count / columns;
  if (first > shape[0] || rows > shape[0] - first) {
    state.fail(name, "has " + std::to_string(shape[0]) + " rows; rows " + std::to_string(first) + " to " +
                         std::to_string(first + rows) + " are not in it");
  }
  RowSelection selection{
      Dataspace(state.check(H5Dget_space(dataset.id.get()), name, "has no readable shape")),
      make_space(state, name, {rows, columns})};
  const hsize_t start[2] = {first, 0};
  const hsize_t size[2] = {rows, columns};
  state.check(H5Sselect_hyperslab(selection.file.get(), H5S_SELECT_SET, start, nullptr, size, nullptr), name,
              "these rows cannot be selected");
  return selection;
}

}  // namespace

std::string absolute_name(const std::string& name) {
  return name.starts_with('/') ? name : "/" + name;
}

OpenDataset open_dataset(const Hdf5File::State& state, const std::string& given_name) {
  const std::string name = absolute_name(given_name);
  H5L_info_t link{};
  const bool is_linked = H5Lget_info(state.file.get(), name.c_str(), &link, H5P_DEFAULT) >= 0;
  if (!state.is_there(is_linked ? 1 : -1, name)) state.fail(name, "this dataset is missing");
  if (link.type != H5L_TYPE_HARD) state.fail(name, "is a link; put the dataset itself into this file");
  OpenDataset dataset;
  dataset.id = Dataset(
      state.check(H5Dopen2(state.file.get(), name.c_str(), H5P_DEFAULT), name, "is no readable dataset"));
  refuse_storage_elsewhere(state, dataset.id.get(), name);
  const Datatype type(state.check(H5Dget_type(dataset.id.get()), name, "has no readable type"));
  dataset.info.type = element_type(type.get());
  dataset.info.shape = shape_of(state, dataset.id.get(), name);
  dataset.element_bytes = H5Tget_size(type.get());
  const auto elements = product(dataset.info.shape, 1);
  if (!elements) state.fail(name, "has an impossible shape; the file is damaged");
  dataset.num_elements = *elements;
  return dataset;
}

OpenDataset open_dataset_as(const Hdf5File::State& state, const std::string& given_name,
                            ElementType expected) {
  OpenDataset dataset = open_dataset(state, given_name);
  const std::string name = absolute_name(given_name);
  if (dataset.info.type != expected) {
    state.fail(name, std::string("holds ") + type_name(dataset.info.type) + "; " + type_name(expected) +
                         " is expected");
  }
  if (dataset.num_elements == 0) return dataset;
  const auto bytes = product({dataset.num_elements}, dataset.element_bytes);
  const std::uint64_t file_bytes = support::file_size(state.path);
  const std::uint64_t stored = std::min<std::uint64_t>(H5Dget_storage_size(dataset.id.get()), file_bytes);
  refuse_packed_storage(state, dataset, file_bytes, name);
  if (!bytes || *bytes > stored) {
    state.fail(name,
               "stores fewer bytes than its shape asks for; the file is cut short, damaged or compressed");
  }
  return dataset;
}

void Hdf5File::write(const std::string& name, std::span<const float> values,
                     const std::vector<std::uint64_t>& shape) {
  write_values(*state_, absolute_name(name), H5T_IEEE_F32LE, values, shape);
}
void Hdf5File::write(const std::string& name, std::span<const double> values,
                     const std::vector<std::uint64_t>& shape) {
  write_values(*state_, absolute_name(name), H5T_IEEE_F64LE, values, shape);
}
void Hdf5File::write(const std::string& name, std::span<const std::int64_t> values,
                     const std::vector<std::uint64_t>& shape) {
  write_values(*state_, absolute_name(name), H5T_STD_I64LE, values, shape);
}
void Hdf5File::write(const std::string& name, std::span<const std::int32_t> values,
                     const std::vector<std::uint64_t>& shape) {
  write_values(*state_, absolute_name(name), H5T_STD_I32LE, values, shape);
}

void Hdf5File::write(const std::string& name, const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  std::string block;
  for (const std::string& value : values) {
    block += value;
    block.append(width - value.size(), '\0');
  }
  const Datatype type = utf8_type(*state_, width);
  write_values(*state_, absolute_name(name), type.get(), type.get(), block.data(), values.size(),
               {values.size()});
}

void Hdf5File::create_float_rows(const std::string& given_name, std::uint64_t rows, std::uint64_t columns) {
  const std::string name = absolute_name(given_name);
  const PropertyList creation(state_->check(H5Pcreate(H5P_DATASET_CREATE), name, "cannot be created"));
  // Its place in the file is taken at once and not filled with zeros first: every row is written once.
  state_->check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), name, "cannot be created");
  state_->check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), name, "cannot be created");
  const Dataspace space = make_space(*state_, name, {rows, columns});
  const Dataset dataset(state_->check(H5Dcreate2(state_->file.get(), name.c_str(), H5T_IEEE_F32LE,
                                                 space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                                      name, "cannot be created"));
  state_->content.add(name, 0, {});
}

void Hdf5File::write_rows(const std::string& name, std::uint64_t first, std::span<const float> values) {
  if (values.empty()) return;
  const OpenDataset dataset = open_dataset(*state_, name);
  const RowSelection rows = select_rows(*state_, absolute_name(name), dataset, first, values.size());
  state_->check(H5Dwrite(dataset.id.get(), H5T_NATIVE_FLOAT, rows.memory.get(), rows.file.get(), H5P_DEFAULT,
                         values.data()),
                absolute_name(name), "cannot be written");
  state_->content.add(absolute_name(name), first * dataset.info.shape[1] * sizeof(float),
                      std::as_bytes(values));
}

void Hdf5File::read_rows(const std::string& name, std::uint64_t first, std::span<float> values) const {
  if (values.empty()) return;
  const OpenDataset dataset = open_dataset_as(*state_, name, ElementType::kFloat32);
  const RowSelection rows = select_rows(*state_, absolute_name(name), dataset, first, values.size());
  state_->check(H5Dread(dataset.id.get(), H5T_NATIVE_FLOAT, rows.memory.get(), rows.file.get(), H5P_DEFAULT,
                        values.data()),
                absolute_name(name), "cannot be read");
  state_->content.add(absolute_name(name), first * dataset.info.shape[1] * sizeof(float),
                      std::as_bytes(values));
}

std::uint64_t Hdf5File::offset_of_floats(const std::string& given_name) const {
  const std::string name = absolute_name(given_name);
  const OpenDataset dataset = open_dataset_as(*state_, name, ElementType::kFloat32);
  const Datatype type(state_->check(H5Dget_type(dataset.id.get()), name, "has no readable type"));
  const haddr_t offset = H5Dget_offset(dataset.id.get());
  if (offset == HADDR_UNDEF || offset % sizeof(float) != 0 || H5Tequal(type.get(), H5T_NATIVE_FLOAT) <= 0)
    state_->fail(name,
                 "cannot be read in blocks, since it is not one piece of the file; give a larger "
                 "--memory-limit, or write it again in one (h5repack -l CONTI)");
  return offset;
}

std::vector<float> Hdf5File::read_floats(const std::string& name) const {
  return read_numbers<float>(*state_, name);
}
std::vector<double> Hdf5File::read_doubles(const std::string& name) const {
  return read_numbers<double>(*state_, name);
}
std::vector<std::int64_t> Hdf5File::read_ints(const std::string& name) const {
  return read_numbers<std::int64_t>(*state_, name);
}
std::vector<std::int32_t> Hdf5File::read_short_ints(const std::string& name) const {
  return read_numbers<std::int32_t>(*state_, name);
}

std::vector<std::string> Hdf5File::read_strings(const std::string& name) const {
  const OpenDataset dataset = open_dataset_as(*state_, name, ElementType::kString);
  const Datatype type(state_->check(H5Dget_type(dataset.id.get()), name, "has no readable type"));
  return read_strings_of(
      *state_, absolute_name(name), type.get(), dataset.num_elements, [&](hid_t memory_type, void* buffer) {
        const herr_t done =
            state_->check(H5Dread(dataset.id.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer),
                          absolute_name(name), "cannot be read");
        state_->content.add(
            absolute_name(name), 0,
            {static_cast<const std::byte*>(buffer), dataset.num_elements * H5Tget_size(memory_type)});
        return done;
      });
}

}  // namespace zoetrope::store
