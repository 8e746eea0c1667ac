// SPDX-License-Identifier: Apache-2.0
#include "zip_file.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "zoetrope/support/error.hpp"

#include "glob.hpp"
#include "image_endings.hpp"
#include "zip_reader.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr const char* kZip = "zip file";

// Images do not become smaller by it. What does is no data set, or made to fill the memory.
constexpr std::size_t kMostTimesZipsSize = 100;
constexpr std::size_t kLeastUnpackedZip = std::size_t{16} << 20;
constexpr std::size_t kPieceOfZip = std::size_t{4} << 20;

// As zipfile unpacks it and `datasets` walks through that; "" of what these leave out.
std::string unpacked_name(const std::string& stored) {
  if (stored.starts_with('/')) return "";
  std::string name;
  for (const std::string_view part : path_parts(stored)) {
    if (part.starts_with('.') || part.starts_with("__")) return "";
    name.append(name.empty() ? "" : "/").append(part);
  }
  return name;
}

// Of two files in one folder the order of their names; else of what sets their paths apart a file goes before
// a folder.
bool is_walked_before(const std::string& first, const std::string& second) {
  const auto ours = path_parts(first), others = path_parts(second);
  for (std::size_t i = 0; i < std::min(ours.size(), others.size()); ++i) {
    if (ours[i] == others[i]) continue;
    const bool is_file = i + 1 == ours.size(), is_other_file = i + 1 == others.size();
    return is_file == is_other_file ? ours[i] < others[i] : is_file;
  }
  return ours.size() < others.size();
}

// "" of what is none.
std::string image_name(const ZipReader& zip) {
  const std::string name = unpacked_name(zip.name());
  return announces_image(name) ? name : "";
}

// Of all images in it.
std::size_t unpacked_size(const support::MappedFile& file) {
  const std::size_t most = std::max(kLeastUnpackedZip, file.bytes().size() * kMostTimesZipsSize);
  std::size_t total = 0;
  for (ZipReader zip(file, kZip); zip.next();) {
    if (image_name(zip).empty()) continue;
    if (zip.size() > most - total)
      throw InputError(file.path().string() + ": unpacks to more than " + std::to_string(kMostTimesZipsSize) +
                       " times its size; unpack it beforehand, where that is as it should be");
    total += zip.size();
  }
  return total;
}

}  // namespace

std::vector<std::string> names_in_zip(const fs::path& path) {
  const support::MappedFile file(path);
  std::set<std::string> names;
  for (ZipReader zip(file, kZip); zip.next();)
    if (const std::string name = unpacked_name(zip.name()); !name.empty()) names.insert(name);
  std::vector<std::string> sorted(names.begin(), names.end());
  std::ranges::sort(sorted, is_walked_before);
  return sorted;
}

ZipFile::ZipFile(const fs::path& path) : path_(path) {
  const support::MappedFile file(path);
  // Its directory may claim more than is in it: beyond what images take, memory grows as they come.
  unpacked_.reserve(std::min(unpacked_size(file), std::max(kLeastUnpackedZip, 2 * file.bytes().size())));
  for (ZipReader zip(file, kZip); zip.next();) {
    const std::string name = image_name(zip);
    if (name.empty()) continue;
    const Place place{unpacked_.size(), zip.size()};
    while (const std::size_t left = place.offset + place.size - unpacked_.size()) {
      const std::size_t before = unpacked_.size();
      unpacked_.resize(before + std::min(left, kPieceOfZip));
      zip.read(std::as_writable_bytes(std::span(unpacked_).subspan(before)));
    }
    zip.require_end();
    places_[name] = place;  // of two files of one name the later is what zipfile leaves
  }
}

std::span<const std::byte> ZipFile::bytes_of(const std::string& name) const {
  const auto found = places_.find(name);
  if (found == places_.end())
    throw InputError((path_ / name).string() + ": there is no such file in the zip file");
  return std::as_bytes(std::span(unpacked_).subspan(found->second.offset, found->second.size));
}

}  // namespace zoetrope::data
