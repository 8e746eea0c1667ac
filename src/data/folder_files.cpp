// SPDX-License-Identifier: Apache-2.0
#include "folder_files.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "zoetrope/image/decode.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "glob.hpp"
#include "image_endings.hpp"
#include "kinds.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

bool is_archive(const std::string& file) {
  return ending_of(file) == ".zip";
}

bool is_any_archive(const SplitChoice& choice) {
  return std::ranges::any_of(
      choice.all, [](const SplitFiles& split) { return std::ranges::any_of(split.files, is_archive); });
}

// An image on the disk lies less deep than where datasets unpacks an archive.
void require_archives_alone(const fs::path& folder, const SplitChoice& choice) {
  const std::string* other = nullptr;
  const std::string* archive = nullptr;
  for (const SplitFiles& split : choice.all)
    for (const std::string& file : split.files) (is_archive(file) ? archive : other) = &file;
  if (other == nullptr) return;
  throw InputError(
      (folder / *archive).string() + ": is an archive, and " + (folder / *other).string() +
      " lies beside it, so that datasets would give neither's images a label; unpack the archive");
}

// The image files in it, with the archive's name before theirs.
std::vector<std::string> images_in(const fs::path& folder, const std::string& archive) {
  std::vector<std::string> images;
  const std::vector<std::string> names = names_in_zip(folder / archive);
  const auto table =
      std::ranges::find_if(names, [](const auto& name) { return is_image_metadata(file_name(name)); });
  if (table != names.end())
    throw InputError((folder / archive / *table).string() +
                     ": a table of labels is not read within an archive; unpack the archive");
  for (const std::string& name : names) {
    if (!announces_image(name)) continue;
    if (name.find('/') == std::string::npos)
      throw InputError(
          (folder / archive / name).string() +
          ": lies in no class's folder; images belong in a folder of their class, in the archive, too");
    images.push_back((fs::path(archive) / name).generic_string());
  }
  return images;
}

void require_one_depth(const fs::path& folder,
                       const std::map<std::string, std::vector<std::string>>& images) {
  const std::string* first = nullptr;
  std::ptrdiff_t first_depth = 0;
  for (const auto& [archive, files] : images)
    for (const std::string& file : files) {
      const auto depth = std::count(file.begin() + std::ssize(archive), file.end(), '/');
      if (first == nullptr) first_depth = depth;
      if (first == nullptr) first = &file;
      if (depth != first_depth)
        throw InputError(
            (folder / file).string() + ": lies deeper or less deep in its archive than " +
            (folder / *first).string() +
            ", so that datasets would give neither a label; unpack the archives, and put all images "
            "directly in the folder of their class");
    }
}

}  // namespace

bool FolderFiles::open_archives(const fs::path& folder, SplitChoice& choice) {
  if (!is_any_archive(choice)) return false;
  require_archives_alone(folder, choice);
  for (const std::string& archive : choice.own.files) {
    const std::string path = (folder / archive).string();
    if (!archives_.contains(path + "/")) archives_.emplace(path + "/", ZipFile(path));
  }
  std::map<std::string, std::vector<std::string>> images;
  const auto unfold = [&](SplitFiles& split) {
    std::vector<std::string> files;
    const bool is_given = !split.files.empty();
    for (const std::string& archive : split.files) {
      if (!images.contains(archive)) images.emplace(archive, images_in(folder, archive));
      std::ranges::copy(images.at(archive), std::back_inserter(files));
    }
    if (is_given && files.empty())
      throw InputError((folder / split.files[0]).string() +
                       ": holds no image, nor does any other archive of the split " + split.name +
                       ", without which datasets reads none");
    split.files = std::move(files);
  };
  unfold(choice.own);
  unfold(choice.other);
  std::ranges::for_each(choice.all, unfold);
  require_one_depth(folder, images);
  return true;
}

const ZipFile* FolderFiles::archive_of(const fs::path& file, std::string& name) const {
  if (archives_.empty()) return nullptr;
  const std::string path = file.string();
  const auto after = archives_.upper_bound(path);
  if (after == archives_.begin()) return nullptr;
  const auto& [archive, zip] = *std::prev(after);
  if (!path.starts_with(archive)) return nullptr;
  name = path.substr(archive.size());
  return &zip;
}

std::uintmax_t FolderFiles::size(const fs::path& file) const {
  std::string name;
  if (const ZipFile* zip = archive_of(file, name)) return zip->bytes_of(name).size();
  try {
    return support::file_size(file);
  } catch (const InputError&) {
    if (fs::is_symlink(file)) throw InputError(file.string() + ": is a link to a file that does not exist");
    throw;
  }
}

std::string FolderFiles::read(const fs::path& file) const {
  std::string name;
  const ZipFile* zip = archive_of(file, name);
  if (zip == nullptr) return support::read_file(file, kMaxFileBytes);
  const auto bytes = zip->bytes_of(name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Image FolderFiles::decode(const fs::path& file) const {
  const std::string bytes = read(file);
  return image::decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                             file.string());
}

std::string FolderFiles::first_bytes(const fs::path& file) const {
  std::string name;
  if (const ZipFile* zip = archive_of(file, name)) {
    const auto bytes = zip->bytes_of(name);
    return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), image::kTellingBytes)};
  }
  if (!support::exists(file)) return {};  // a link to nothing
  return support::read_start(file, image::kTellingBytes);
}

bool FolderFiles::is_of_unread_kind(const fs::path& file) const {
  const bool is_unread = data::is_of_unread_kind(file, [&] { return first_bytes(file); });
  std::string name;
  if (is_unread && archive_of(file, name) == nullptr && !first_bytes(file).empty())
    support::refuse_lfs_pointer(file);
  return is_unread;
}

}  // namespace zoetrope::data
