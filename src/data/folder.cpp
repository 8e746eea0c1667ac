// SPDX-License-Identifier: Apache-2.0
// A folder of image files, DIR/<split>/<class>/<file>, of zip files of such folders, or with a table of the
// images' labels, as datasets' imagefolder reads it.
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
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "class_warnings.hpp"
#include "data_files.hpp"
#include "folder_files.hpp"
#include "glob.hpp"
#include "image_endings.hpp"
#include "image_metadata.hpp"
#include "kinds.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kHashContentBelow = std::uintmax_t{256} << 20;

using Entry = LabelledImages::Entry;

bool is_of_image_folder(std::string_view name) {
  return announces_image(name) || is_image_metadata(name) || ending_of(name) == ".zip";
}

constexpr DataKind kImages{.scheme = "folder",
                           .noun = "image",
                           .test_way = "put the images to test with into DIR/test/<class>/",
                           .is_data = is_of_image_folder,
                           .folders_are_classes = true};

// datasets gives no labels to images at different depths, some of which are in no class's folder.
void refuse_different_depths(const fs::path& folder, const std::vector<SplitFiles>& splits) {
  const auto depth = [](const std::string& file) { return std::ranges::count(file, '/'); };
  const std::string* first = nullptr;
  for (const SplitFiles& split : splits) {
    for (const std::string& file : split.files) {
      if (first == nullptr) first = &file;
      if (depth(file) != depth(*first))
        throw InputError(
            (folder / file).string() + ": lies deeper or less deep than " + (folder / *first).string() +
            ", so that datasets would give neither a label; images lie directly in the folder of their "
            "class, all classes' folders at one depth (--train-split and --test-split leave other splits "
            "out)");
    }
  }
}

// A table that lies above the splits' folders, which people expect to be read.
std::string about_idle_metadata(const fs::path& folder) {
  for (const char* name : {"metadata.csv", "metadata.jsonl", "metadata.parquet"})
    if (support::exists(folder / name))
      return "; " + (folder / name).string() +
             " is of no split, so that datasets does not read it: each split's folder needs its own";
  return "";
}

// The folder of a split is no class, though datasets gives images in it its name for a label.
void refuse_without_class(const fs::path& folder, const SplitFiles& split) {
  for (const std::string& file : split.files) {
    auto folders = path_parts(file);
    folders.pop_back();
    const auto is_of_split = [](std::string_view name) { return holds_keyword(name, all_keywords()); };
    const bool is_in_split_itself =
        folders.empty() || fs::path(file).parent_path() == split.name ||
        (is_of_split(folders.back()) && std::ranges::count_if(folders, is_of_split) == 1);
    if (is_in_split_itself)
      throw InputError((folder / file).string() +
                       ": lies in no class's folder; images belong in a folder of their class, as in " +
                       ((folder / file).parent_path() / "cat" / "1.jpg").string() +
                       about_idle_metadata(folder));
  }
}

// "train/cat/2.heic and 3 others are of kinds that are not read (1 .heic in cat, 3 .ppm in dog)".
std::string describe_unread(const std::vector<Entry>& unread, const std::vector<std::string>& class_names) {
  constexpr std::size_t kShown = 8;
  std::map<std::pair<std::string, std::string>, std::size_t> counts;
  for (const Entry& entry : unread)
    ++counts[{class_names[static_cast<std::size_t>(entry.label)], ending_of(entry.file)}];
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
std::vector<Entry> without_unread(const LabelledImages& images, const FolderFiles& files,
                                  bool skip_bad_images) {
  std::vector<Entry> read, unread;
  for (const Entry& entry : images.entries)
    (files.is_of_unread_kind(entry.file) ? unread : read).push_back(entry);
  if (unread.empty()) return read;
  const std::string what = describe_unread(unread, images.class_names),
                    way_out = "; convert them to PNG or JPEG";
  std::set<std::int64_t> classes;
  for (const Entry& entry : read) classes.insert(entry.label);
  for (const Entry& entry : unread) {
    if (!classes.contains(entry.label))
      throw InputError(what + way_out + ": the class " +
                       images.class_names[static_cast<std::size_t>(entry.label)] + " has no other image");
  }
  if (!skip_bad_images) throw InputError(what + way_out + " (--skip-bad-images leaves them out)");
  support::log_warning("left out: " + what);
  return read;
}

void refuse_columns(const DatasetOptions& options, const fs::path& folder) {
  for (const auto& [option, value] : {std::pair("--image-column ", options.image_column),
                                      std::pair("--label-column ", options.label_column)})
    if (!value.empty())
      throw UsageError(option + value +
                       " has no meaning with --data folder: without metadata.csv or its kin: in " +
                       folder.string() + " folders are the classes");
}

// Folders are the classes: those of all splits together, sorted, so that a class that one of them lacks keeps
// its number. Whichever split is opened, all count alike, so that they agree.
LabelledImages classes_by_folders(const fs::path& folder, const SplitChoice& choice,
                                  const DatasetOptions& options, bool are_archived) {
  refuse_columns(options, folder);
  refuse_without_class(folder, choice.own);
  if (!are_archived) refuse_different_depths(folder, choice.all);
  std::set<std::string> names;
  for (const SplitFiles& split : choice.all) names.merge(classes_of(split));
  LabelledImages images{{}, {names.begin(), names.end()}};
  for (const std::string& file : choice.own.files)
    images.entries.push_back({folder / file, std::ranges::lower_bound(images.class_names, class_of(file)) -
                                                 images.class_names.begin()});
  warn_of_lone_classes({choice.own.name, classes_of(choice.own)},
                       {choice.other.name, classes_of(choice.other)}, folder.string());
  return images;
}

// The folder of the classes' folders.
fs::path common_folder(const std::vector<Entry>& entries) {
  fs::path common = entries[0].file.parent_path().parent_path();
  for (const Entry& entry : entries) {
    const fs::path other = entry.file.parent_path().parent_path();
    const auto end = std::ranges::mismatch(common, other).in1;
    fs::path shared;
    for (auto part = common.begin(); part != end; ++part) shared /= *part;
    common = shared;
  }
  return common;
}

class FolderDataset final : public Dataset {
 public:
  FolderDataset(const fs::path& folder, Split split, const DatasetOptions& options) : folder_(folder) {
    const DataFiles data = find_data_files(folder, kImages, options.config);
    SplitChoice choice = choose_split(data, split, options);
    const bool are_archived = bytes_.open_archives(data.folder, choice);
    LabelledImages images = has_metadata(choice)
                                ? read_image_metadata(data.folder, choice, options)
                                : classes_by_folders(data.folder, choice, options, are_archived);
    if (images.entries.empty())
      throw InputError(folder.string() + ": its split " + choice.own.name + " holds no image");
    const fs::path place = common_folder(images.entries);
    const std::vector<Entry> entries = without_unread(images, bytes_, options.skip_bad_images);
    class_names_ = std::move(images.class_names);
    const auto decode = [&](std::int64_t i) { bytes_.decode(entries[static_cast<std::size_t>(i)].file); };
    std::vector<std::int64_t> labels;
    for (const Entry& entry : entries) labels.push_back(entry.label);
    for (const std::int64_t i :
         select_images(labels, class_names_, LimitOrder::kPermuted, options, decode, place.string())) {
      const Entry& entry = entries[static_cast<std::size_t>(i)];
      files_.push_back(entry.file);
      labels_.push_back(entry.label);
    }
    digest_ = with_way_out([&] { return make_digest(place); });
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  Image image(std::int64_t index) const override {
    return with_way_out([&] { return bytes_.decode(files_.at(static_cast<std::size_t>(index))); });
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
  std::string make_digest(const fs::path& place) const {
    std::uintmax_t total = 0;
    for (const fs::path& file : files_) total += bytes_.size(file);
    support::Sha256 sha;
    for (const std::string& name : class_names_) sha.update(name + "\n");
    for (std::size_t i = 0; i < files_.size(); ++i) {
      support::stop_point();
      sha.update(files_[i].lexically_relative(place).string() + " " + std::to_string(bytes_.size(files_[i])) +
                 " " + std::to_string(labels_[i]) + "\n");
      if (total < kHashContentBelow) sha.update(bytes_.read(files_[i]));
    }
    return sha.hex();
  }

  fs::path folder_;
  FolderFiles bytes_;
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
