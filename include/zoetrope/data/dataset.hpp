// SPDX-License-Identifier: Apache-2.0
// Labelled images on disk, one split at a time, as the model's preprocessing wants them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/support/image.hpp"

namespace zoetrope::data {

enum class Split { kTrain, kTest };

using support::Image;

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  // The channels of every image, 1 or 3, where that is known without decoding them; else 0.
  virtual int channels() const { return 0; }
  // False: embeddings that were given without the images that they are of (given_dataset.hpp).
  virtual bool has_images() const { return true; }
  // Thread-safe. Throws InputError naming the file when the image cannot be decoded.
  virtual Image image(std::int64_t index) const = 0;
  virtual std::int64_t label(std::int64_t index) const = 0;
  // What the image is called where it comes from: a folder's file below DIR ("test/cat/1.jpg"), a Parquet
  // struct's path; "" where images have no names. Thread-safe. UTF-8 as far as the file system's is.
  virtual std::string image_name(std::int64_t /*index*/) const { return ""; }
  virtual const std::vector<std::string>& class_names() const = 0;  // UTF-8
  // SHA-256 over what determines the images, their order and their labels. Changes with the limit.
  virtual const std::string& digest() const = 0;
};

struct DatasetOptions {
  std::int64_t limit = 0;         // > 0: keep so many images
  std::uint64_t seed = 42;        // of the permutation that a folder's limit cuts
  bool skip_bad_images = false;   // decode all at once and leave out, with a warning, what fails
  std::string config = {};        // the data set's configuration where it has several
  std::string split = {};         // the split's name where it is not one of the usual ones
  std::string other_split = {};   // likewise the other split's, which has the same classes
  std::string image_column = {};  // where more than one column holds images
  std::string label_column = {};  // likewise; of idx and CIFAR cifar100 alone has one: "coarse_label"
};

// clang-format off
// Opens one split of `spec`, as --data takes it:
//   idx:DIR         train-images-idx3-ubyte and so on, plain or .gz (MNIST, Fashion-MNIST)
//   cifar10:DIR     the binary version; cifar100:DIR likewise
//   folder:DIR      DIR/train/<class>/* and DIR/test/<class>/* (or val/), or train.zip and test.zip of such
//                   folders: images of the kinds in image::kReadKinds; classes in sorted order; or images
//                   with their labels in metadata.csv, metadata.jsonl or metadata.parquet
//   parquet:DIR     shards in Hugging Face's layout: an image column of structs {bytes, path} and a
//                   ClassLabel; or what save_to_disk() of `datasets` wrote, or one .parquet or .arrow file
//   webdataset:DIR  tar files whose files belong together by their names: KEY.jpg and KEY.cls; or one of them
//   hf:NAME         what the Hugging Face cache holds of a data set on the Hub: the scheme that most of its
//                   files are of, else folder:; a NAME with an owner, and cifar10, cifar100, mnist,
//                   fashion_mnist, also without hf:
// clang-format on
// Which file of these is of which split is as `datasets` has it (docs/formats.md).
// A limit keeps the first images, but a folder, whose first images are all of one class, gives those that
// come first in a permutation seeded with `seed`. Throws UsageError on an unknown scheme or an option that
// the scheme does not have, and InputError, naming file and place, on truncated, mislabelled or foreign
// files.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, const DatasetOptions& options);

// The UsageErrors of open_dataset(), before the data set is looked at.
void check_choice(const std::string& spec, Split split, const DatasetOptions& options);

}  // namespace zoetrope::data
