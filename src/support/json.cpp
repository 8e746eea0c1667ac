// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/json.hpp"

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
    if (depth > kMaxDepth)
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

}  // namespace

Json parse_json(std::string_view text, const std::string& origin) {
  try {
    ParseGuard guard(origin);
    return Json::parse(text.begin(), text.end(), [&](int depth, Json::parse_event_t event, Json& parsed) {
      return guard(depth, event, parsed);
    });
  } catch (const Json::parse_error& error) {
    throw InputError(origin + ": is not valid JSON at byte " + std::to_string(error.byte) +
                     "; write the file again from where it came");
  } catch (const Json::out_of_range& error) {  // 1e999
    throw InputError(origin + ": holds a number that is too large (" + error.what() + ")");
  }
}

Json read_json(const std::filesystem::path& path, std::size_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path.string());
}

}  // namespace zoetrope::support
