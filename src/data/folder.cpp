// SPDX-License-Identifier: Apache-2.0
// A folder of image files, DIR/<split>/<class>/<file>, as torchvision's ImageFolder and datasets'
// imagefolder.
#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"

#include "decode.hpp"
#include "image_endings.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;
constexpr std::uintmax_t kHashContentBelow = std::uintmax_t{256} << 20;

struct Entry {
  fs::path file;
  std::string class_name;
};

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

bool holds_images(const fs::path& folder) {
  return std::ranges::any_of(fs::directory_iterator(folder), [](const auto& file) {
    return !is_left_out(file) && announces_image(file.path());
  });
}

std::vector<fs::path> class_folders(const fs::path& split_folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(split_folder))
    if (entry.is_directory() && !is_left_out(entry)) folders.push_back(entry.path());
  return folders;
}

void warn_of_special_folders(const fs::path& split_folder) {
  for (const auto& entry : fs::directory_iterator(split_folder)) {
    if (entry.path().filename().string().starts_with("__") && entry.is_directory() &&
        holds_images(entry.path()))
      support::log_warning(
          entry.path().string() +
          ": is left out with the images in it, as datasets leaves out folders whose names start "
          "with __ (if it is a class, give it another name)");
  }
}

// Every image of a split, one at least, in the order of its path, as `datasets` lists them.
std::vector<Entry> list_images(const fs::path& split_folder) {
  warn_of_special_folders(split_folder);
  std::vector<Entry> entries;
  for (const fs::path& class_folder : class_folders(split_folder)) {
    for (const auto& file : fs::directory_iterator(class_folder)) {
      support::stop_point();
      if (is_left_out(file)) continue;
      if (file.is_directory())
        throw InputError(file.path().string() +
                         ": is a folder within a class; images lie directly in their class's folder");
      if (announces_image(file.path())) entries.push_back({file.path(), class_folder.filename().string()});
    }
  }
  if (entries.empty())
    throw InputError(split_folder.string() +
                     ": no folder in it holds an image; images belong in a folder of their class, as in " +
                     (split_folder / "cat" / "1.jpg").string());
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.file.native(); });
  return entries;
}

// "train/cat/2.heic and 3 others are of kinds that are not read (1 .heic in cat, 3 .ppm in dog)".
std::string describe_unread(const std::vector<Entry>& unread) {
  constexpr std::size_t kShown = 8;
  std::map<std::pair<std::string, std::string>, std::size_t> counts;
  for (const Entry& entry : unread) ++counts[{entry.class_name, ending_of(entry.file)}];
  std::string text;
  std::size_t shown = 0;
  for (const auto& [kind, count] : counts) {
    if (shown++ == kShown) break;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind.second + " in " + kind.first;
  }
  if (counts.size() > kShown) text += ", ...";
  const std::string first = unread[0].file.string();
  const std::string what = unread.size() == 1 ? first + ": is of a kind that is not read"
                                              : first + " and " + std::to_string(unread.size() - 1) +
                                                    " more: are of kinds that are not read";
  return what + " (" + text + ")";
}

// Files of HEIC, PPM and so on would else take their class with them without a word.
std::vector<Entry> without_unread(const std::vector<Entry>& entries, bool skip_bad_images) {
  std::vector<Entry> read, unread;
  for (const Entry& entry : entries) (is_of_unread_kind(entry.file) ? unread : read).push_back(entry);
  if (unread.empty()) return read;
  const std::string what = describe_unread(unread), way_out = "; convert them to PNG or JPEG";
  std::set<std::string> classes;
  for (const Entry& entry : read) classes.insert(entry.class_name);
  for (const Entry& entry : unread) {
    if (!classes.contains(entry.class_name))
      throw InputError(what + way_out + ": the class " + entry.class_name + " has no other image");
  }
  if (!skip_bad_images) throw InputError(what + way_out + " (--skip-bad-images leaves them out)");
  support::log_warning("left out: " + what);
  return read;
}

void add_classes(const fs::path& split_folder, std::set<std::string>& names) {
  if (!fs::is_directory(split_folder)) return;
  for (const fs::path& class_folder : class_folders(split_folder)) {
    const std::string name = class_folder.filename().string();
    if (!names.contains(name) && holds_images(class_folder)) names.insert(name);
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
    const std::vector<Entry> entries = without_unread(list_images(split_folder), options.skip_bad_images);
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
      support::stop_point();
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
