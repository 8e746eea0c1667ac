// SPDX-License-Identifier: Apache-2.0
// What a run is of: images, or embeddings of them that another program has computed.
#include "option.hpp"
#include "option_groups.hpp"
#include "option_values.hpp"
#include "words.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

const Words<pipeline::SplitChoice> kSplits = {{"test", pipeline::SplitChoice::kTest},
                                              {"train", pipeline::SplitChoice::kTrain},
                                              {"both", pipeline::SplitChoice::kBoth}};

}  // namespace

po::options_description describe_given(Options& o) {
  po::options_description group("Embeddings of your own, in place of a model's (docs/own-embeddings.md)",
                                kLineLength);
  const OptionAdder add(group);
  add("embeddings", place(o.pipeline.given.embeddings, "PATH"),
      "takes them in: a folder of <step>.npy, step_<step>.npy or checkpoint-<step>.npy, or an .npz, .h5 or "
      ".parquet file; of each step [rows, columns], a row for each thing that was embedded",
      kCommon | kOwnEmbeddings);
  add("logits", place(o.pipeline.given.logits, "PATH"), "a classifier's, in the same forms", kOwnEmbeddings);
  add("labels", place(o.pipeline.given.labels, "FILE"),
      "of the rows: .npy of whole numbers, text with a word or number on each line, or a .parquet with a "
      "column label; default: a Parquet file's own, those of --images, or one class",
      kCommon | kOwnEmbeddings);
  add("images", place(o.pipeline.given.images, "SPEC"),
      "the test images that were embedded, in the same order, as --data takes them; default: none are shown",
      kNotKept);
  return group;
}

po::options_description describe_split(Options& o) {
  po::options_description group("Training images beside the test images", kLineLength);
  const OptionAdder add(group);
  add("split", choice(o.pipeline.embedding.split, "split", "SPLIT", kSplits),
      "which images are embedded and shown: test, or both: test images and, hollow, a sample of the training "
      "images; train: as both, but extract embeds the training images alone",
      kCommon | kReanalyzes);
  add("train-sample", field(o.pipeline.embedding.train_sample, "M"),
      "training images, drawn with --seed from those that --train-limit leaves; 0: all", kReanalyzes);
  return group;
}

po::options_description describe_data(Options& o) {
  po::options_description group("Data", kLineLength);
  const OptionAdder add(group);
  add("data", place(o.pipeline.data.spec, "SPEC"),
      "images: idx:DIR (MNIST's format, plain or .gz), cifar10:DIR or cifar100:DIR (the binary versions), "
      "folder:DIR (train/<class>/* and test/<class>/*, or train.zip and test.zip), parquet:DIR or "
      "parquet:FILE (Hugging Face's layout, and what save_to_disk wrote), webdataset:DIR or webdataset:FILE "
      "(.tar), hf:OWNER/NAME (in the Hugging Face cache)",
      kCommon);
  add("data-config", field(o.pipeline.data.config, "NAME"),
      "the configuration of a data set that has several, as its README.md or folders name them");
  add("train-limit", field(o.pipeline.data.train_limit, "N"), "use N training images; 0: all");
  add("test-limit", field(o.pipeline.data.test_limit, "N"), "use N test images; 0: all");
  add("train-split", field(o.pipeline.data.train_split, "NAME"),
      "folder, parquet, webdataset: the training split's name, where it is an unusual one");
  add("test-split", field(o.pipeline.data.test_split, "NAME"), "the same of the test split");
  add("image-column", field(o.pipeline.data.image_column, "NAME"),
      "parquet, webdataset, metadata.csv: the images' column, where there are several");
  add("label-column", field(o.pipeline.data.label_column, "NAME"),
      "the same of the labels; cifar100: coarse_label");
  add("skip-bad-images", po::bool_switch(&o.pipeline.data.skip_bad_images),
      "folder, parquet, webdataset: go on without images that cannot be decoded");
  add("image-cache", mebibytes(o.pipeline.data.image_cache_mib),
      "resized images of a split that a rank keeps in memory; auto: 4096, or its share of a quarter of the "
      "host's where that is less");
  add("base", place(o.pipeline.base, "PATH"),
      "models that are LoRA adapters: their base model, a folder or a name on the Hub; default: the one that "
      "adapter_config.json names");
  return group;
}

}  // namespace zoetrope::jobs
