// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/spotlight_file.hpp"

#include "hdf5_state.hpp"

namespace zoetrope::store {
namespace {

Datatype variable_text(const Hdf5File::State& state, const std::string& place) {
  Datatype type(state.check(H5Tcopy(H5T_C_S1), place, "cannot be written"));
  state.check(H5Tset_size(type.get(), H5T_VARIABLE), place, "cannot be written");
  state.check(H5Tset_cset(type.get(), H5T_CSET_UTF8), place, "cannot be written");
  return type;
}

void set(const Hdf5File::State& state, const std::string& column, const char* key, hid_t type, hid_t space,
         const void* value) {
  const Object object(
      state.check(H5Oopen(state.file.get(), column.c_str(), H5P_DEFAULT), column, "is missing"));
  const Attribute attribute(state.check(H5Acreate2(object.get(), key, type, space, H5P_DEFAULT, H5P_DEFAULT),
                                        column, "cannot be described"));
  state.check(H5Awrite(attribute.get(), type, value), column, "cannot be described");
}

// As h5py, and so Spotlight, stores a bool.
void set_flag(const Hdf5File::State& state, const std::string& column, const char* key, bool value) {
  const Datatype type(state.check(H5Tenum_create(H5T_NATIVE_INT8), column, "cannot be described"));
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  state.check(H5Tenum_insert(type.get(), "FALSE", &no), column, "cannot be described");
  state.check(H5Tenum_insert(type.get(), "TRUE", &yes), column, "cannot be described");
  const Dataspace scalar(state.check(H5Screate(H5S_SCALAR), column, "cannot be described"));
  set(state, column, key, type.get(), scalar.get(), value ? &yes : &no);
}

// Can a user change the column's values in Spotlight? It asks that of numbers, texts and categories only.
enum class Edit { kYes, kNotAsked };

// The attributes that Spotlight writes for every column, and fails to show a table without.
void describe(const Hdf5File& file, const std::string& column, const char* type_name, Edit edit) {
  const Hdf5File::State& state = file.state();
  const Datatype type = variable_text(state, column);
  const Dataspace scalar(state.check(H5Screate(H5S_SCALAR), column, "cannot be described"));
  set(state, column, "type", type.get(), scalar.get(), &type_name);
  set_flag(state, column, "hidden", false);
  set_flag(state, column, "optional", false);
  if (edit == Edit::kYes) set_flag(state, column, "editable", true);
}

Dataspace line_of(const Hdf5File::State& state, const std::string& column, hsize_t length) {
  return Dataspace(state.check(H5Screate_simple(1, &length, nullptr), column, "cannot be created"));
}

void write_dataset(const Hdf5File::State& state, const std::string& name, hid_t type, hid_t space,
                   const void* values) {
  const Dataset dataset(state.check(
      H5Dcreate2(state.file.get(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name,
      "cannot be created"));
  state.check(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name,
              "cannot be written");
}

void write_texts(const Hdf5File::State& state, const std::string& column,
                 const std::vector<std::string>& values) {
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const Datatype type = variable_text(state, column);
  write_dataset(state, column, type.get(), line_of(state, column, pointers.size()).get(), pointers.data());
}

}  // namespace

SpotlightFile::SpotlightFile(const std::filesystem::path& path)
    : file_(std::make_unique<Hdf5File>(Hdf5File::create(path))) {}

SpotlightFile::~SpotlightFile() = default;

void SpotlightFile::close() {
  file_->close();
}

void SpotlightFile::add_ints(const std::string& column, std::span<const std::int64_t> values) {
  file_->write(column, values, {values.size()});
  describe(*file_, column, "int", Edit::kYes);
}

void SpotlightFile::add_floats(const std::string& column, std::span<const double> values) {
  file_->write(column, values, {values.size()});
  describe(*file_, column, "float", Edit::kYes);
}

void SpotlightFile::add_texts(const std::string& column, const std::vector<std::string>& values) {
  write_texts(file_->state(), column, values);
  describe(*file_, column, "str", Edit::kYes);
}

void SpotlightFile::add_categories(const std::string& column, std::span<const std::int64_t> values,
                                   const std::vector<std::string>& names) {
  const Hdf5File::State& state = file_->state();
  const std::vector<std::int32_t> codes(values.begin(), values.end());
  write_dataset(state, column, H5T_NATIVE_INT32, line_of(state, column, codes.size()).get(), codes.data());
  describe(*file_, column, "Category", Edit::kYes);
  std::vector<const char*> keys;
  std::vector<std::int32_t> numbers;
  for (const std::string& name : names) {
    numbers.push_back(static_cast<std::int32_t>(keys.size()));
    keys.push_back(name.c_str());
  }
  const Datatype text = variable_text(state, column);
  const Dataspace line = line_of(state, column, keys.size());
  set(state, column, "category_keys", text.get(), line.get(), keys.data());
  set(state, column, "category_values", H5T_NATIVE_INT32, line.get(), numbers.data());
}

void SpotlightFile::add_embeddings(const std::string& column, std::span<const float> values,
                                   std::size_t dimensions) {
  const Hdf5File::State& state = file_->state();
  std::vector<hvl_t> rows;
  for (std::size_t first = 0; first + dimensions <= values.size() && dimensions > 0; first += dimensions) {
    rows.push_back({dimensions, const_cast<float*>(values.data() + first)});  // HDF5 only reads them
  }
  const Datatype type(state.check(H5Tvlen_create(H5T_NATIVE_FLOAT), column, "cannot be created"));
  write_dataset(state, column, type.get(), line_of(state, column, rows.size()).get(), rows.data());
  describe(*file_, column, "Embedding", Edit::kNotAsked);
  const std::int64_t shape = static_cast<std::int64_t>(dimensions);
  set(state, column, "value_shape", H5T_NATIVE_INT64, line_of(state, column, 1).get(), &shape);
}

// The column holds names; the files' bytes lie under these in a group of their own.
void SpotlightFile::add_images(const std::string& column, const std::vector<std::string>& encoded) {
  const Hdf5File::State& state = file_->state();
  const PropertyList with_groups(state.check(H5Pcreate(H5P_LINK_CREATE), column, "cannot be created"));
  state.check(H5Pset_create_intermediate_group(with_groups.get(), 1), column, "cannot be created");
  const Dataspace scalar(state.check(H5Screate(H5S_SCALAR), column, "cannot be created"));
  std::vector<std::string> names;
  for (const std::string& bytes : encoded) {
    names.push_back(std::to_string(names.size()));
    const std::string name = "/__group__/" + column + "/" + names.back();
    const Datatype type(state.check(H5Tcreate(H5T_OPAQUE, bytes.size()), name, "cannot be created"));
    const Dataset dataset(state.check(H5Dcreate2(state.file.get(), name.c_str(), type.get(), scalar.get(),
                                                 with_groups.get(), H5P_DEFAULT, H5P_DEFAULT),
                                      name, "cannot be created"));
    state.check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), name,
                "cannot be written");
  }
  write_texts(state, column, names);
  describe(*file_, column, "Image", Edit::kNotAsked);
  set_flag(state, column, "external", false);  // the bytes are in this file
}

}  // namespace zoetrope::store
