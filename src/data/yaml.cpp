// SPDX-License-Identifier: Apache-2.0
#include "yaml.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include <yaml.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {

using support::Json;

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxValues = 100'000;

std::size_t count_values(const Json& value) {
  std::size_t count = 1;
  for (const Json& inner : value)
    if (value.is_structured()) count += count_values(inner);
  return count;
}

// What a text without quotes stands for.
Json plain_value(const std::string& text) {
  const auto is_one_of = [&](const auto& words) { return std::ranges::find(words, text) != words.end(); };
  static constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 9> kTrue{"true", "True", "TRUE", "yes", "Yes",
                                                         "YES",  "on",   "On",   "ON"};
  static constexpr std::array<std::string_view, 9> kFalse{"false", "False", "FALSE", "no", "No",
                                                          "NO",    "off",   "Off",   "OFF"};
  if (is_one_of(kNull)) return nullptr;
  if (is_one_of(kTrue)) return true;
  if (is_one_of(kFalse)) return false;
  return text;
}

class YamlReader {
 public:
  YamlReader(std::string_view text, const std::string& origin) : origin_(origin) {
    if (yaml_parser_initialize(&parser_) == 0) throw InputError(origin + ": there is no memory to read YAML");
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~YamlReader() { yaml_parser_delete(&parser_); }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  Json document() {
    next();  // the stream's start
    if (next()->type == YAML_STREAM_END_EVENT) return nullptr;
    return value(*next(), 0);
  }

 private:
  using Event = std::unique_ptr<yaml_event_t, void (*)(yaml_event_t*)>;

  [[noreturn]] void fail(std::size_t line, const std::string& reason) const {
    throw InputError(origin_ + ": line " + std::to_string(line + 1) + ": " + reason);
  }

  Event next() {
    auto event = std::make_unique<yaml_event_t>();
    if (yaml_parser_parse(&parser_, event.get()) == 0)
      fail(parser_.problem_mark.line,
           std::string("is no YAML: ") + (parser_.problem ? parser_.problem : "it cannot be read"));
    return {event.release(), [](yaml_event_t* done) {
              yaml_event_delete(done);
              delete done;
            }};
  }

  Json value(const yaml_event_t& event, int depth) {
    const std::size_t line = event.start_mark.line;
    if (depth > kMaxDepth) fail(line, "is nested deeper than " + std::to_string(kMaxDepth));
    if (++values_ > kMaxValues) fail(line, "holds more than " + std::to_string(kMaxValues) + " values");
    switch (event.type) {
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        const std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
        const bool is_plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return keep(scalar.anchor, is_plain ? plain_value(text) : Json(text));
      }
      case YAML_SEQUENCE_START_EVENT:
        return keep(event.data.sequence_start.anchor, list(depth));
      case YAML_MAPPING_START_EVENT:
        return keep(event.data.mapping_start.anchor, object(depth));
      case YAML_ALIAS_EVENT:
        return repeat(reinterpret_cast<const char*>(event.data.alias.anchor), line);
      default:
        fail(line, "a value is missing");
    }
  }

  Json list(int depth) {
    Json items = Json::array();
    for (Event event = next(); event->type != YAML_SEQUENCE_END_EVENT; event = next())
      items.push_back(value(*event, depth + 1));
    return items;
  }

  Json object(int depth) {
    Json items = Json::object();
    for (Event event = next(); event->type != YAML_MAPPING_END_EVENT; event = next()) {
      const Json key = value(*event, depth + 1);
      Json inner = value(*next(), depth + 1);
      items[key.is_string() ? key.get<std::string>() : key.dump()] = std::move(inner);
    }
    return items;
  }

  Json keep(const yaml_char_t* anchor, Json value) {
    if (anchor != nullptr) anchors_[reinterpret_cast<const char*>(anchor)] = value;
    return value;
  }

  Json repeat(const std::string& anchor, std::size_t line) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(line, "*" + anchor + " stands for nothing");
    values_ += count_values(found->second);
    if (values_ > kMaxValues) fail(line, "holds more than " + std::to_string(kMaxValues) + " values");
    return found->second;
  }

  std::string origin_;
  yaml_parser_t parser_{};
  std::map<std::string, Json> anchors_;
  std::size_t values_ = 0;
};

}  // namespace

Json parse_yaml(std::string_view text, const std::string& origin) {
  if (text.empty()) return nullptr;  // libyaml takes none without bytes
  return YamlReader(text, origin).document();
}

}  // namespace zoetrope::data
