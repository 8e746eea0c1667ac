// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/json.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "zoetrope/support/files.hpp"

namespace zoetrope::support {

namespace {

constexpr int kMaxDepth = 64;

// Watches the parse: refuses deep nesting, and keys that appear twice in one object (readers would disagree
// about which one holds).
class ParseGuard {
 public:
  explicit ParseGuard(std::string origin) : origin_(std::move(origin)) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    // `depth` is what stands around: the 65th level may be empty.
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kMaxDepth)
      throw InputError(origin_ + ": JSON is nested deeper than " + std::to_string(kMaxDepth));
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second)
      throw InputError(origin_ + ": the key \"" + parsed.get<std::string>() +
                       "\" appears twice in one object");
    return true;
  }

 private:
  std::string origin_;
  std::vector<std::set<std::string>> keys_;
};

struct Word {
  std::string_view name;
  double value;
};
constexpr std::array<Word, 3> kWords = {{{"NaN", std::numeric_limits<double>::quiet_NaN()},
                                         {"Infinity", std::numeric_limits<double>::infinity()},
                                         {"-Infinity", -std::numeric_limits<double>::infinity()}}};

std::optional<double> value_of_word(std::string_view token) {
  for (const Word& word : kWords)
    if (token == word.name) return word.value;
  return std::nullopt;
}

// Goes through the numbers of a JSON text, and the words for numbers, in their order.
class NumberFinder {
 public:
  explicit NumberFinder(std::string_view text) : rest_(text) {}

  // Empty after the last one. What stands in strings is passed over.
  std::string_view next() {
    while (!rest_.empty()) {
      const bool is_string = rest_.front() == '"';
      const std::size_t size = is_string ? size_of_string() : size_of_number();
      const std::string_view token = rest_.substr(0, size);
      rest_.remove_prefix(std::clamp<std::size_t>(size, 1, rest_.size()));
      if (size > 0 && !is_string) return token;
    }
    return {};
  }

 private:
  std::size_t size_of_string() const {
    std::size_t at = 1;
    while (at < rest_.size() && rest_[at] != '"') at += rest_[at] == '\\' ? 2 : 1;
    return at + 1;
  }
  // 0 where neither a number nor a word begins.
  std::size_t size_of_number() const {
    for (const Word& word : kWords)
      if (rest_.starts_with(word.name)) return word.name.size();
    if (rest_.front() != '-' && (rest_.front() < '0' || rest_.front() > '9')) return 0;
    return std::min(rest_.find_first_not_of("+-.0123456789Ee", 1), rest_.size());
  }

  std::string_view rest_;
};

// A 0 in the place of each word, as long as the word, so that errors name the bytes of the file; with a space
// before and after it, so that what is glued to a word stays an error.
std::string without_words(std::string_view text) {
  std::string json(text);
  NumberFinder finder(text);
  for (std::string_view token; !(token = finder.next()).empty();) {
    if (!value_of_word(token)) continue;
    const auto at = static_cast<std::size_t>(token.data() - text.data());
    json.replace(at, token.size(), token.size(), ' ');
    json[at + 1] = '0';
  }
  return json;
}

// `text` as JSON, errors with the byte at fault; `on_number` may change numbers, which come in the file's
// order.
template <typename OnNumber>
Json parse(std::string_view text, const std::string& origin, OnNumber on_number) {
  try {
    ParseGuard guard(origin);
    return Json::parse(text.begin(), text.end(), [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (event == Json::parse_event_t::value && parsed.is_number()) on_number(parsed);
      return guard(depth, event, parsed);
    });
  } catch (const Json::parse_error& error) {
    throw InputError(origin + ": is not valid JSON at byte " + std::to_string(error.byte) +
                     "; write the file again from where it came");
  } catch (const Json::out_of_range& error) {  // 1e999
    throw InputError(origin + ": holds a number that is too large (" + error.what() + ")");
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& origin) {
  return parse(text, origin, [](Json&) {});
}

Json parse_python_json(std::string_view text, const std::string& origin) {
  NumberFinder finder(text);
  return parse(without_words(text), origin, [&](Json& number) {
    if (const auto value = value_of_word(finder.next())) number = *value;
  });
}

Json read_json(const std::filesystem::path& path, std::size_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path.string());
}

Json read_python_json(const std::filesystem::path& path, std::size_t max_bytes) {
  return parse_python_json(read_file(path, max_bytes), path.string());
}

}  // namespace zoetrope::support
