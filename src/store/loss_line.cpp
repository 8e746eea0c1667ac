// SPDX-License-Identifier: Apache-2.0
#include "loss_line.hpp"

#include <charconv>
#include <system_error>

#include "zoetrope/support/error.hpp"

#include "number_checks.hpp"

namespace zoetrope::store {
namespace {

// The shortest decimal that reads back as the same double.
std::string to_text(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

template <typename T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// Stores the number in `text` in the member that `column` names; false when it is no number. Columns of other
// names are passed over.
bool store_field(std::string_view column, std::string_view text, LossRecord& record) {
  if (column == "step") return parse(text, record.step);
  for (const LossColumn& known : kLossColumns) {
    if (known.name == column) return parse(text, record.*known.member);
  }
  return true;
}

}  // namespace

std::string to_line(const LossRecord& record) {
  std::string line = std::to_string(record.step);
  for (const LossColumn& column : kLossColumns) line.append(",").append(to_text(record.*column.member));
  return line + "\n";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

LossRecord parse_line(std::string_view line, const std::vector<std::string_view>& columns,
                      const std::string& place) {
  const std::vector<std::string_view> fields = split(line, ',');
  if (fields.size() != columns.size()) {
    throw InputError(place + ": has " + std::to_string(fields.size()) + " fields, not " +
                     std::to_string(columns.size()) + "; remove the line");
  }
  LossRecord record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!store_field(columns[i], fields[i], record)) {
      throw InputError(place + ": " + std::string(columns[i]) + " is \"" +
                       std::string(fields[i].substr(0, 40)) + "\", which is not a number; remove the line");
    }
  }
  if (!is_step(record.step) || !is_epoch(record.epoch)) {
    throw InputError(place + ": step " + std::to_string(record.step) + " and epoch " + to_text(record.epoch) +
                     " are none that a training comes to; remove the line");
  }
  return record;
}

}  // namespace zoetrope::store
