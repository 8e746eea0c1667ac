// SPDX-License-Identifier: Apache-2.0
#include "place.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include <boost/program_options.hpp>

#include "zoetrope/store/run_ini.hpp"
#include "zoetrope/support/home.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

namespace {

// "folder:" and "~/images"; nothing and the path where there is no kind.
std::pair<std::string, std::string> split(const std::string& place) {
  const auto colon = place.find(':');
  const bool has_kind =
      colon != std::string::npos && colon > 0 &&
      std::all_of(place.begin(), place.begin() + static_cast<std::ptrdiff_t>(colon),
                  [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0; });
  if (!has_kind) return {"", place};
  return {place.substr(0, colon + 1), place.substr(colon + 1)};
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.text;
}

void validate(boost::any& value, const std::vector<std::string>& words, Place* /*target*/, int) {
  namespace po = boost::program_options;
  po::validators::check_first_occurrence(value);
  const auto [kind, path] = split(po::validators::get_single_string(words));
  value = Place{kind + support::expand_home(path)};
}

std::string from_any_folder(const std::string& place) {
  const auto [kind, path] = split(place);
  std::error_code error;
  if (path.empty() || kind == "hf:" || !fs::exists(path, error)) return place;
  const std::string absolute = kind + fs::absolute(path).lexically_normal().string();
  return store::unkept_value({{"data", absolute}}).empty() ? absolute : place;
}

}  // namespace zoetrope::jobs
