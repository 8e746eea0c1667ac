// SPDX-License-Identifier: Apache-2.0
#include "option_messages.hpp"

#include <cstdint>
#include <typeinfo>

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

// Whether a text holds a word between percent signs: a placeholder of Boost's messages, %value% for one, or
// what looks like it.
bool holds_placeholder(const std::string& text) {
  for (std::size_t begin = text.find('%'); begin != std::string::npos;) {
    const std::size_t end = text.find('%', begin + 1);
    if (end == std::string::npos) return false;
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", begin + 1) == end && end > begin + 1)
      return true;
    begin = end;
  }
  return false;
}

// What a value of the option has to be; "" where that is not said by its type.
std::string kind_of(const po::option_description& option) {
  const auto* typed = dynamic_cast<const po::typed_value_base*>(option.semantic().get());
  if (typed == nullptr) return "";
  const std::type_info& type = typed->value_type();
  if (type == typeid(double)) return "a number, such as 3, 0.5 or 5e-5";
  if (type == typeid(std::int64_t) || type == typeid(int)) return "a whole number, in digits";
  return type == typeid(bool) ? "true or false" : "";
}

// Between the quotation marks of Boost's "the argument ('three') for option '--epochs' is invalid".
std::string value_in(const std::string& message) {
  const auto begin = message.find("('"), end = message.find("')");
  return begin == std::string::npos || end == std::string::npos || end < begin
             ? ""
             : message.substr(begin + 2, end - begin - 2);
}

// "" of other errors.
std::string say_kind(const po::error& error, const po::options_description& described) {
  const auto* invalid = dynamic_cast<const po::validation_error*>(&error);
  if (invalid == nullptr || (invalid->kind() != po::validation_error::invalid_option_value &&
                             invalid->kind() != po::validation_error::invalid_bool_value))
    return "";
  std::string name = invalid->get_option_name();
  name.erase(0, name.find_first_not_of('-'));
  const auto* option = described.find_nothrow(name, /*approx=*/false);
  const std::string kind = option == nullptr ? "" : kind_of(*option);
  return kind.empty() ? "" : "--" + name + " " + value_in(error.what()) + ": give " + kind;
}

}  // namespace

std::string message_of(const po::error& error, const std::string& given,
                       const po::options_description& described) {
  if (holds_placeholder(given))
    return "an option or its value cannot be read (beside it there is a word between "
           "percent signs; leave that out to see which)";
  const std::string kind = say_kind(error, described);
  return kind.empty() ? error.what() : kind;
}

}  // namespace zoetrope::jobs
