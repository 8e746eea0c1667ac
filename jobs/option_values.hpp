// SPDX-License-Identifier: Apache-2.0
// Values of options as Boost takes them, with what `target` is now as the default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/program_options.hpp>

#include "place.hpp"

namespace zoetrope::jobs {

inline constexpr unsigned kLineLength = 100;

template <typename T>
boost::program_options::typed_value<T>* field(T& target, const char* name) {
  return boost::program_options::value<T>(&target)->default_value(target)->value_name(name);
}

// A path, perhaps behind "kind:", of which "~" is a part.
inline boost::program_options::typed_value<Place>* place_without_default(std::string& target,
                                                                         const char* name) {
  return boost::program_options::value<Place>()->value_name(name)->notifier(
      [&target](const Place& given) { target = given.text; });
}
inline boost::program_options::typed_value<Place>* place(std::string& target, const char* name) {
  return place_without_default(target, name)->default_value(Place{target});
}

// Real defaults read as they are written here, not as 4.9999999999999998e-05.
inline boost::program_options::typed_value<double>* real(double& target, const char* shown) {
  return boost::program_options::value<double>(&target)->default_value(target, shown)->value_name("X");
}

// --seed N: 0 to 2^64 - 1. Boost reads -1 as the highest of them.
boost::program_options::typed_value<std::string>* seed(std::uint64_t& target);

// --memory-limit SIZE: bytes, or powers of 1,024 of them with K, M, G or T; "auto" is 0.
boost::program_options::typed_value<std::string>* memory_size(std::int64_t& target);

// --image-cache MIB: a whole number; "auto" is none.
boost::program_options::typed_value<std::string>* mebibytes(std::optional<std::int64_t>& target);

}  // namespace zoetrope::jobs
