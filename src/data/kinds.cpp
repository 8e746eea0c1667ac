// SPDX-License-Identifier: Apache-2.0
#include "kinds.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <system_error>

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/system_error.hpp"

#include "image_endings.hpp"
#include "saved_dataset.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// datasets takes what has another ending after one of these, too.
bool has_ending(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    const std::size_t at = name.rfind(ending);
    if (at == std::string_view::npos) return false;
    const std::string_view rest = name.substr(at + ending.size());
    return rest.empty() || (rest.starts_with('.') && rest.size() > 1);
  });
}

struct Kind {
  std::string_view scheme;
  std::string_view files;  // as a hint calls them
  bool (*is_of)(std::string_view file_name);
};

bool is_image(std::string_view name) {
  return announces_image(name);
}
bool is_zip(std::string_view name) {
  return ending_of(name) == ".zip";
}

// Of as many files of two kinds the first counts.
constexpr std::array kKinds{Kind{"parquet", ".parquet files", is_parquet},
                            Kind{"parquet", ".arrow files", is_arrow},
                            Kind{"webdataset", ".tar files", is_tar}, Kind{"folder", "image files", is_image},
                            Kind{"folder", ".zip files", is_zip}};

// What most of so many are, is enough: somebody may have given the whole disk.
constexpr std::size_t kMostEntries = 100'000;

const Kind* kind_of_file(const fs::path& file) {
  const std::string name = file.filename().string();
  if (is_image_metadata(name)) return nullptr;
  const auto* found = std::ranges::find_if(kKinds, [&](const Kind& kind) { return kind.is_of(name); });
  return found == kKinds.end() ? nullptr : found;
}

const Kind* kind_of(const fs::path& place) {
  if (!support::is_directory(place)) return kind_of_file(place);
  std::array<std::size_t, kKinds.size()> counts{};
  std::size_t left = kMostEntries;
  std::error_code error;
  for (fs::recursive_directory_iterator at(place, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end && left > 0; at.increment(error), --left) {
    support::stop_point();
    if (is_left_out(*at)) {
      at.disable_recursion_pending();
    } else if (const Kind* kind = kind_of_file(at->path()); kind != nullptr && at->is_regular_file()) {
      ++counts[static_cast<std::size_t>(kind - kKinds.data())];
    }
  }
  if (error) support::throw_system_error(place, "cannot be listed", error.value());
  const auto most = std::ranges::max_element(counts);
  return *most == 0 ? nullptr : &kKinds[static_cast<std::size_t>(most - counts.begin())];
}

}  // namespace

bool is_parquet(std::string_view file_name) {
  return has_ending(file_name, {".parquet", ".geoparquet", ".gpq"});
}

bool is_arrow(std::string_view file_name) {
  return file_name.ends_with(".arrow");
}

bool is_tar(std::string_view file_name) {
  return has_ending(file_name, {".tar", ".tgz", ".tbz2", ".txz", ".tzst"});
}

bool is_image_metadata(std::string_view file_name) {
  static constexpr std::array<std::string_view, 3> kNames{"metadata.csv", "metadata.jsonl",
                                                          "metadata.parquet"};
  return std::ranges::find(kNames, file_name) != kNames.end();
}

std::string_view scheme_for(const fs::path& place) {
  const Kind* kind = kind_of(place);
  return kind == nullptr ? std::string_view() : kind->scheme;
}

std::string hint_at_scheme(const fs::path& place, std::string_view scheme) {
  const Kind* kind = kind_of(place);
  if (kind == nullptr || kind->scheme == scheme) return "";
  const std::string way = ": give --data " + std::string(kind->scheme) + ":" + place.string();
  if (is_saved_dataset(place)) return "; it is what save_to_disk() of datasets wrote" + way;
  return support::is_directory(place) ? "; it holds " + std::string(kind->files) + way : way;
}

}  // namespace zoetrope::data
