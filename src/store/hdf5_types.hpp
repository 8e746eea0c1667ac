// SPDX-License-Identifier: Apache-2.0
// HDF5's types of numbers and ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <hdf5.h>

#include "hdf5.hpp"

namespace zoetrope::store {

inline ElementType element_type(hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return bytes == 4 ? ElementType::kFloat32 : bytes == 8 ? ElementType::kFloat64 : ElementType::kOther;
    case H5T_INTEGER:
      if (H5Tget_sign(type) != H5T_SGN_2) return ElementType::kOther;
      return bytes == 4 ? ElementType::kInt32 : bytes == 8 ? ElementType::kInt64 : ElementType::kOther;
    case H5T_STRING:
      return ElementType::kString;
    default:
      return ElementType::kOther;
  }
}

template <typename T>
constexpr ElementType kTypeOf = ElementType::kOther;
template <>
constexpr ElementType kTypeOf<float> = ElementType::kFloat32;
template <>
constexpr ElementType kTypeOf<double> = ElementType::kFloat64;
template <>
constexpr ElementType kTypeOf<std::int32_t> = ElementType::kInt32;
template <>
constexpr ElementType kTypeOf<std::int64_t> = ElementType::kInt64;

// HDF5's "native" types are macros that call the library, so they cannot be constants.
template <typename T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
}

}  // namespace zoetrope::store
