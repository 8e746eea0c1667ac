// SPDX-License-Identifier: Apache-2.0
// A folder of image files, DIR/<split>/<class>/<file>, as torchvision's ImageFolder and datasets'
// imagefolder.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "decode.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;
constexpr std::uintmax_t kHashContentBelow = std::uintmax_t{256} << 20;

// Endings that announce an image. Of these, GIF and TIFF cannot be read: decoding them names the file and
// says so.
constexpr std::array<std::string_view, 10> kImageEndings{".jpg",  ".jpeg", ".jpe", ".jfif", ".png",
                                                         ".webp", ".bmp",  ".gif", ".tif",  ".tiff"};

struct Entry {
  fs::path file;
  std::string class_name;
};

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

bool looks_like_an_image(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !is_hidden(path) && std::ranges::find(kImageEndings, ending) != kImageEndings.end();
}

fs::path find_split(const fs::path& folder, Split split, const std::string& given) {
  if (!given.empty()) {
    if (fs::is_directory(folder / given)) return folder / given;
    throw InputError((folder / given).string() + ": is not a folder; " + split_option(split) +
                     " names one of those in " + folder.string());
  }
  for (const std::string_view name : split_names(split)) {
    if (fs::is_directory(folder / name)) return folder / name;
  }
  throw InputError(folder.string() + ": holds no folder " +
                   (split == Split::kTrain ? "train" : "test or val") +
                   "; images belong in DIR/train/<class>/ and DIR/test/<class>/, or name the folder with " +
                   split_option(split));
}

// Every image of a split, one at least, in the order of its path, as `datasets` lists them.
std::vector<Entry> list_images(const fs::path& split_folder) {
  std::vector<Entry> entries;
  for (const auto& class_folder : fs::directory_iterator(split_folder)) {
    if (!class_folder.is_directory() || is_hidden(class_folder.path())) continue;
    for (const auto& file : fs::directory_iterator(class_folder.path())) {
      if (file.is_directory() && !is_hidden(file.path()))
        throw InputError(file.path().string() +
                         ": is a folder within a class; images lie directly in their class's folder");
      if (looks_like_an_image(file.path()))
        entries.push_back({file.path(), class_folder.path().filename().string()});
    }
  }
  if (entries.empty())
    throw InputError(split_folder.string() +
                     ": no folder in it holds an image; images belong in a folder of their class, as in " +
                     (split_folder / "cat" / "1.jpg").string());
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.file.native(); });
  return entries;
}

bool holds_images(const fs::path& folder) {
  return std::ranges::any_of(fs::directory_iterator(folder),
                             [](const auto& file) { return looks_like_an_image(file.path()); });
}

void add_classes(const fs::path& split_folder, std::set<std::string>& names) {
  if (!fs::is_directory(split_folder)) return;
  for (const auto& class_folder : fs::directory_iterator(split_folder)) {
    if (!class_folder.is_directory() || is_hidden(class_folder.path())) continue;
    const std::string name = class_folder.path().filename().string();
    if (!names.contains(name) && holds_images(class_folder.path())) names.insert(name);
  }
}

// The classes of both splits together, sorted: a class that one of them lacks keeps its number. Both splits
// count alike, whichever is opened, so that they agree.
std::vector<std::string> list_classes(const fs::path& folder, Split split, const DatasetOptions& options) {
  std::set<std::string> names;
  const auto add_split = [&](Split which, const std::string& given) {
    if (!given.empty()) return add_classes(folder / given, names);
    for (const std::string_view name : split_names(which)) add_classes(folder / name, names);
  };
  add_split(split, options.split);
  add_split(other_of(split), options.other_split);
  return {names.begin(), names.end()};
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (!error) return bytes;
  if (fs::is_symlink(file)) throw InputError(file.string() + ": is a link to a file that does not exist");
  throw InputError(file.string() + ": " + error.message());
}

Image decode_image_file(const fs::path& file) {
  const std::string bytes = support::read_file(file, kMaxFileBytes);
  return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file.string());
}

class FolderDataset final : public Dataset {
 public:
  FolderDataset(const fs::path& folder, Split split, const DatasetOptions& options) : folder_(folder) {
    const fs::path split_folder = find_split(folder, split, options.split);
    const std::vector<Entry> entries = list_images(split_folder);
    class_names_ = list_classes(folder, split, options);
    const auto decode = [&](std::int64_t i) { decode_image_file(entries[static_cast<std::size_t>(i)].file); };
    for (const std::int64_t i :
         select_images(static_cast<std::int64_t>(entries.size()), LimitOrder::kPermuted, options, decode,
                       split_folder.string())) {
      const Entry& entry = entries[static_cast<std::size_t>(i)];
      files_.push_back(entry.file);
      labels_.push_back(std::ranges::lower_bound(class_names_, entry.class_name) - class_names_.begin());
    }
    digest_ = with_way_out([&] { return make_digest(split_folder); });
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  Image image(std::int64_t index) const override {
    return with_way_out([&] { return decode_image_file(files_.at(static_cast<std::size_t>(index))); });
  }
  std::int64_t label(std::int64_t index) const override {
    return labels_.at(static_cast<std::size_t>(index));
  }
  std::string image_name(std::int64_t index) const override {
    return files_.at(static_cast<std::size_t>(index)).lexically_relative(folder_).generic_string();
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::string& digest() const override { return digest_; }

 private:
  // Names, sizes and labels; and what the files hold, unless that would take longer than it is worth. Not
  // their times, which change when a job copies its data to a faster disk.
  std::string make_digest(const fs::path& split_folder) const {
    std::uintmax_t total = 0;
    for (const fs::path& file : files_) total += size_of(file);
    support::Sha256 sha;
    for (const std::string& name : class_names_) sha.update(name + "\n");
    for (std::size_t i = 0; i < files_.size(); ++i) {
      sha.update(files_[i].lexically_relative(split_folder).string() + " " +
                 std::to_string(size_of(files_[i])) + " " + std::to_string(labels_[i]) + "\n");
      if (total < kHashContentBelow) sha.update(support::read_file(files_[i], kMaxFileBytes));
    }
    return sha.hex();
  }

  fs::path folder_;
  std::vector<fs::path> files_;
  std::vector<std::int64_t> labels_;
  std::vector<std::string> class_names_;
  std::string digest_;
};

}  // namespace

std::unique_ptr<Dataset> open_folder(const fs::path& folder, Split split, const DatasetOptions& options) {
  return std::make_unique<FolderDataset>(folder, split, options);
}

}  // namespace zoetrope::data
