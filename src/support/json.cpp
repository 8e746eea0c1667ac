// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "zoetrope/support/files.hpp"

namespace zoetrope::support {

namespace {

constexpr std::size_t kMaxDepth = 64;

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

// The 16 bits that "\\ud83d" at `at` stands for.
std::optional<unsigned> unit_at(std::string_view json, std::size_t at) {
  constexpr std::size_t kDigits = 4;
  if (at + 2 + kDigits > json.size() || json.substr(at, 2) != "\\u") return std::nullopt;
  const char* const first = json.data() + at + 2;
  unsigned unit = 0;
  const auto [end, error] = std::from_chars(first, first + kDigits, unit, 16);
  return error == std::errc{} && end == first + kDigits ? std::optional(unit) : std::nullopt;
}

// Half of a character, as Python writes what was cut in its middle, is none in UTF-8: U+FFFD, as long, stands
// in its place.
void replace_lone_surrogates(std::string& json) {
  constexpr std::size_t kEscape = 6;
  const auto is_in = [](std::optional<unsigned> unit, unsigned first, unsigned last) {
    return unit && *unit >= first && *unit <= last;
  };
  for (std::size_t at = 0; (at = json.find('\\', at)) != std::string::npos;) {
    const auto unit = unit_at(json, at);
    const bool is_high = is_in(unit, 0xd800, 0xdbff);
    const bool is_pair = is_high && is_in(unit_at(json, at + kEscape), 0xdc00, 0xdfff);
    if (!is_pair && is_in(unit, 0xd800, 0xdfff)) json.replace(at, kEscape, "\\ufffd");
    at += is_pair ? 2 * kEscape : unit ? kEscape : 2;
  }
}

// Makes a Json of what the library's parser finds, and refuses deep nesting, and keys that appear twice in
// one object (readers would disagree about which one holds). The library's own parser with a callback takes a
// time that grows with the square of a list's length.
class Builder : public nlohmann::json_sax<Json> {
 public:
  // `on_number` may change numbers, which come in the file's order.
  Builder(std::string origin, std::function<void(Json&)> on_number)
      : origin_(std::move(origin)), on_number_(std::move(on_number)) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(Json::number_integer_t value) override { return put_number(value); }
  bool number_unsigned(Json::number_unsigned_t value) override { return put_number(value); }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) override {
    return put_number(value);
  }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(Json::binary_t& value) override { return put(std::move(value)); }

  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (open_.back()->contains(name))
      throw InputError(origin_ + ": the key \"" + name + "\" appears twice in one object");
    key_ = name;
    return true;
  }

  bool parse_error(std::size_t byte, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    constexpr int kNumberTooLarge = 406;  // 1e999
    if (error.id == kNumberTooLarge)
      throw InputError(origin_ + ": holds a number that is too large (" + error.what() + ")");
    throw InputError(origin_ + ": is not valid JSON at byte " + std::to_string(byte) +
                     "; write the file again from where it came");
  }

 private:
  // What stands open is not moved: nothing is put beside it before it is closed.
  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    if (open_.back()->is_object()) return (*open_.back())[key_] = std::move(value);
    open_.back()->push_back(std::move(value));
    return open_.back()->back();
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool put_number(Json value) {
    on_number_(value);
    return put(std::move(value));
  }
  bool open(Json value) {
    if (open_.size() >= kMaxDepth)
      throw InputError(origin_ + ": JSON is nested deeper than " + std::to_string(kMaxDepth));
    open_.push_back(&place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string origin_;
  std::function<void(Json&)> on_number_;
  Json root_;
  std::vector<Json*> open_;
  std::string key_;
};

Json parse(std::string_view text, const std::string& origin, std::function<void(Json&)> on_number) {
  Builder builder(origin, std::move(on_number));
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace

Json parse_json(std::string_view text, const std::string& origin) {
  return parse(text, origin, [](Json&) {});
}

namespace {

// Whether a text has none of what Python adds, not even in a string: then it is read without a copy, which of
// a long log is as large as itself.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 3> kPythons = {"NaN", "Infinity", "\\u"};
  return std::ranges::all_of(
      kPythons, [&](std::string_view word) { return text.find(word) == std::string_view::npos; });
}

}  // namespace

Json parse_python_json(std::string_view text, const std::string& origin) {
  if (is_plain(text)) return parse_json(text, origin);
  NumberFinder finder(text);
  std::string json = without_words(text);
  replace_lone_surrogates(json);
  return parse(json, origin, [&](Json& number) {
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
