// SPDX-License-Identifier: Apache-2.0
// Text in HDF5 files, and the attributes of the file and its datasets.
#include <algorithm>

#include "zoetrope/support/listing.hpp"

#include "hdf5_state.hpp"

namespace zoetrope::store {
namespace {

// "step of /embeddings": how errors name an attribute.
std::string attribute_place(const std::string& name, const std::string& key) {
  return "attribute \"" + key + "\" of " + absolute_name(name);
}

Object open_object(const Hdf5File::State& state, const std::string& name) {
  return Object(state.check(H5Oopen(state.file.get(), absolute_name(name).c_str(), H5P_DEFAULT),
                            absolute_name(name), "is missing"));
}

Attribute open_attribute(const Hdf5File::State& state, const std::string& name, const std::string& key) {
  const Object object = open_object(state, name);
  const std::string place = attribute_place(name, key);
  if (!state.is_there(H5Aexists(object.get(), key.c_str()), place)) state.fail(place, "is missing");
  Attribute attribute(state.check(H5Aopen(object.get(), key.c_str(), H5P_DEFAULT), place, "cannot be read"));
  const Dataspace space(state.check(H5Aget_space(attribute.get()), place, "cannot be read"));
  if (H5Sget_simple_extent_npoints(space.get()) != 1) state.fail(place, "is not one value");
  return attribute;
}

void write_attribute(const Hdf5File::State& state, const std::string& name, const std::string& key,
                     hid_t file_type, hid_t memory_type, const void* value) {
  const Object object = open_object(state, name);
  const std::string place = attribute_place(name, key);
  const Dataspace space(state.check(H5Screate(H5S_SCALAR), place, "cannot be written"));
  const Attribute attribute(
      state.check(H5Acreate2(object.get(), key.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                  place, "cannot be written"));
  state.check(H5Awrite(attribute.get(), memory_type, value), place, "cannot be written");
  if (absolute_name(name) == "/") state.content.add_attribute(key, attribute_bytes(state, key));
}

void read_number(const Hdf5File::State& state, const std::string& name, const std::string& key,
                 H5T_class_t expected, hid_t memory_type, void* value) {
  const Attribute attribute = open_attribute(state, name, key);
  const std::string place = attribute_place(name, key);
  const Datatype type(state.check(H5Aget_type(attribute.get()), place, "cannot be read"));
  if (H5Tget_class(type.get()) != expected) state.fail(place, "is not a number of the kind expected");
  state.check(H5Aread(attribute.get(), memory_type, value), place, "cannot be read");
}

}  // namespace

bool has_attribute(const Hdf5File::State& state, const std::string& key) {
  return state.is_there(H5Aexists(open_object(state, "/").get(), key.c_str()), attribute_place("/", key));
}

std::string attribute_bytes(const Hdf5File::State& state, const std::string& key) {
  const Attribute attribute = open_attribute(state, "/", key);
  const std::string place = attribute_place("/", key);
  const Datatype type(state.check(H5Aget_type(attribute.get()), place, "cannot be read"));
  // It lies in the file's header: a claim larger than the file is damage. Ours have no variable length.
  const std::size_t size = H5Tget_size(type.get());
  const bool is_too_large = !state.writing && size > support::file_size(state.path);
  if (is_too_large || H5Tdetect_class(type.get(), H5T_VLEN) != 0 || H5Tis_variable_str(type.get()) != 0)
    state.fail(place, "is damaged");
  std::string bytes(size, '\0');
  state.check(H5Aread(attribute.get(), type.get(), bytes.data()), place, "cannot be read");
  if (H5Tget_class(type.get()) == H5T_STRING) bytes.erase(bytes.find_last_not_of('\0') + 1);
  return bytes;
}

Datatype utf8_type(const Hdf5File::State& state, std::size_t width) {
  Datatype type(state.check(H5Tcopy(H5T_C_S1), "", "cannot set up HDF5's text type"));
  state.check(H5Tset_size(type.get(), std::max<std::size_t>(width, 1)), "", "cannot set up HDF5's text type");
  state.check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "", "cannot set up HDF5's text type");
  state.check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "", "cannot set up HDF5's text type");
  return type;
}

std::vector<std::string> read_strings_of(const Hdf5File::State& state, const std::string& place, hid_t stored,
                                         std::size_t count, const std::function<herr_t(hid_t, void*)>& read) {
  if (H5Tis_variable_str(stored) != 0) {
    state.fail(place, "is text of variable length; write it with a fixed length (h5py: as bytes)");
  }
  if (count == 0) return {};
  const std::size_t width = H5Tget_size(stored);
  std::string block(width * count, '\0');
  state.check(read(stored, block.data()), place, "cannot be read");
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = block.substr(i * width, width);
    if (H5Tget_strpad(stored) == H5T_STR_SPACEPAD) text.erase(text.find_last_not_of(' ') + 1);
    result.emplace_back(text.substr(0, text.find('\0')));
  }
  return result;
}

void Hdf5File::set_attribute(const std::string& name, const std::string& key, const std::string& value) {
  const Datatype type = utf8_type(*state_, value.size());
  write_attribute(*state_, name, key, type.get(), type.get(), value.c_str());
}

void Hdf5File::set_attribute(const std::string& name, const std::string& key, std::int64_t value) {
  write_attribute(*state_, name, key, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Hdf5File::set_attribute(const std::string& name, const std::string& key, double value) {
  write_attribute(*state_, name, key, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

std::string Hdf5File::string_attribute(const std::string& name, const std::string& key) const {
  const Attribute attribute = open_attribute(*state_, name, key);
  const std::string place = attribute_place(name, key);
  const Datatype type(state_->check(H5Aget_type(attribute.get()), place, "cannot be read"));
  if (H5Tget_class(type.get()) != H5T_STRING) state_->fail(place, "is not text");
  // An attribute lies in the file's header: a claim larger than that is damage.
  if (H5Aget_storage_size(attribute.get()) > support::file_size(state_->path))
    state_->fail(place, "is damaged");
  return read_strings_of(
             *state_, place, type.get(), 1,
             [&](hid_t memory_type, void* buffer) { return H5Aread(attribute.get(), memory_type, buffer); })
      .front();
}

std::string Hdf5File::string_attribute_if_any(const std::string& key) const {
  return has_attribute(*state_, key) ? string_attribute("/", key) : "";
}

std::int64_t Hdf5File::int_attribute(const std::string& name, const std::string& key) const {
  std::int64_t value = 0;
  read_number(*state_, name, key, H5T_INTEGER, H5T_NATIVE_INT64, &value);
  return value;
}

double Hdf5File::double_attribute(const std::string& name, const std::string& key) const {
  double value = 0;
  read_number(*state_, name, key, H5T_FLOAT, H5T_NATIVE_DOUBLE, &value);
  return value;
}

}  // namespace zoetrope::store
