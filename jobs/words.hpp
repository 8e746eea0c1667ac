// SPDX-License-Identifier: Apache-2.0
// Options whose values are words: what each word means stands in one table, from which --help, the default,
// the check and the meaning come.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

#include "zoetrope/support/error.hpp"

namespace zoetrope::jobs {

template <typename Value>
using Words = std::vector<std::pair<std::string, Value>>;

// Those of a room that says itself how its choices are called.
template <typename Value, typename Table>
Words<Value> words_of(const Table& table) {
  return {table.begin(), table.end()};
}

[[noreturn]] inline void refuse_word(const std::string& option, const std::string& word,
                                     const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  throw UsageError("--" + option + " " + word + ": choose one of " + list);
}

// The option --`name`, which sets `target` to what its word means; the default is what `target` is now.
template <typename Value>
boost::program_options::typed_value<std::string>* choice(Value& target, const char* name, const char* shown,
                                                         const Words<Value>& words) {
  std::string word_now;
  for (const auto& [word, value] : words)
    if (value == target) word_now = word;
  return boost::program_options::value<std::string>()->default_value(word_now)->value_name(shown)->notifier(
      [&target, name, words](const std::string& asked) {
        std::vector<std::string> known;
        for (const auto& [word, value] : words) {
          if (word == asked) {
            target = value;
            return;
          }
          known.push_back(word);
        }
        refuse_word(name, asked, known);
      });
}

// The option --`name`, a number, or auto: none.
template <typename Number>
boost::program_options::typed_value<std::string>* number_or_auto(std::optional<Number>& target,
                                                                 const char* name, const char* shown) {
  return boost::program_options::value<std::string>()->default_value("auto")->value_name(shown)->notifier(
      [&target, name](const std::string& asked) {
        target.reset();
        if (asked == "auto") return;
        Number number{};
        const char* const end = asked.data() + asked.size();
        const auto [rest, error] = std::from_chars(asked.data(), end, number);
        if (error != std::errc{} || rest != end)
          throw UsageError("--" + std::string(name) + " " + asked + ": give a number, or auto");
        target = number;
      });
}

// The option --`name`, a list of words between commas, each of them once.
boost::program_options::typed_value<std::string>* word_list(std::vector<std::string>& target,
                                                            const char* name,
                                                            const std::vector<std::string>& known);

}  // namespace zoetrope::jobs
