// SPDX-License-Identifier: Apache-2.0
#include "processor_size.hpp"

#include <initializer_list>

#include "zoetrope/support/error.hpp"

namespace zoetrope::preprocess {
namespace {

using support::Json;

constexpr int kMaxSide = 16384;

class SizeReader {
 public:
  SizeReader(const Json& value, std::string place) : value_(value), place_(std::move(place)) {}

  ResizeTo read(bool number_is_shortest_edge) const {
    if (value_.is_number_integer() && number_is_shortest_edge) return {0, 0, false, side(value_), 0};
    if (value_.is_number_integer()) return {side(value_), side(value_), false, 0, 0};
    if (value_.is_array() && value_.size() == 2) return {side(value_[0]), side(value_[1]), false, 0, 0};
    if (has({"height", "width"})) return {side("height"), side("width"), false, 0, 0};
    if (has({"shortest_edge"})) return {0, 0, false, side("shortest_edge"), 0};
    if (has({"shortest_edge", "longest_edge"}))
      return {0, 0, false, side("shortest_edge"), side("longest_edge")};
    if (has({"max_height", "max_width"})) return {side("max_height"), side("max_width"), true, 0, 0};
    throw InputError(place_ + " is " + value_.dump() +
                     "; supported are {\"height\", \"width\"}, [height, width], {\"shortest_edge\"}, with "
                     "\"longest_edge\" or without, {\"max_height\", \"max_width\"} and one number");
  }

 private:
  bool has(std::initializer_list<const char*> keys) const {
    if (!value_.is_object() || value_.size() != keys.size()) return false;
    for (const char* key : keys)
      if (!value_.contains(key)) return false;
    return true;
  }

  int side(const char* key) const { return side(value_.at(key)); }
  int side(const Json& number) const {
    if (!number.is_number_integer() || number < 1 || number > kMaxSide)
      throw InputError(place_ + " is " + value_.dump() + "; an image side is a whole number, 1 to " +
                       std::to_string(kMaxSide));
    return number.get<int>();
  }

  const Json& value_;
  std::string place_;
};

}  // namespace

std::optional<ResizeTo> read_size(const Json& json, const std::string& key, bool number_is_shortest_edge,
                                  const std::string& origin) {
  if (!json.contains(key)) return std::nullopt;
  return SizeReader(json.at(key), origin + ": \"" + key + "\"").read(number_is_shortest_edge);
}

Json to_json(const ResizeTo& size) {
  if (size.are_limits) return {{"max_height", size.height}, {"max_width", size.width}};
  if (size.shortest_edge == 0) return {{"height", size.height}, {"width", size.width}};
  Json edges{{"shortest_edge", size.shortest_edge}};
  if (size.longest_edge > 0) edges["longest_edge"] = size.longest_edge;
  return edges;
}

}  // namespace zoetrope::preprocess
