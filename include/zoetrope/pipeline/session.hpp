// SPDX-License-Identifier: Apache-2.0
// What the stages of one job share: the ranks, their devices, the options, and data that is loaded once.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/analysis/tensor_device.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/data/dataset.hpp"
#include "zoetrope/data/sample.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/pipeline/options.hpp"
#include "zoetrope/preprocess/image_cache.hpp"
#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/store/summary.hpp"
#include "zoetrope/train/trainer.hpp"

namespace zoetrope::pipeline {

class PageImages;  // src/pipeline/page_content.hpp

struct LoadedSplit {
  std::shared_ptr<const data::Dataset> dataset;
  std::unique_ptr<preprocess::ImageCache> images;  // made when a model first asks for them
};

class Session {
 public:
  Session(comm::World& world, Options options);

  comm::World& world() { return world_; }
  // Names the work for the watchdog's report and the debug log.
  void set_stage(const std::string& stage);
  // The tensors' communicator, which on GPUs is made when it is first asked for, and the decisions'.
  // Collective.
  train::Communicators communicators();
  // Where models and their inputs live. Waits until a GPU is ready to compute, for which it is made while
  // data is read.
  at::Device device();
  // Where the analysis multiplies matrices: a GPU, or in the loops for cores.
  analysis::TensorDevice analysis_device() const {
    return device_.is_cpu() ? std::nullopt : analysis::TensorDevice(device_);
  }
  // This rank's, where the ranks compute on GPUs.
  const std::optional<compute::Device>& gpu() const { return gpu_; }
  comm::Communicator& communicator() { return world_.communicator(); }
  bool is_root() const { return world_.rank() == 0; }
  const Options& options() const { return options_; }
  const store::RunDirectory& run() const { return run_; }
  int threads() const { return threads_; }
  // --precision, or where that does not say what is fast on the devices of all ranks.
  model::Precision precision() const;
  // The ranks and what they compute on: "2 ranks with 4 threads each".
  std::string place() const;

  // The checkpoints that rank 0 finds: where hosts share the run directory over a network, another one may
  // not see the newest yet. Collective.
  std::vector<std::int64_t> checkpoint_steps();
  // How images become the model's input: preprocessor_config.json of --model, or of the run's first
  // checkpoint, as rank 0 reads it. Collective at the first call; so are the images.
  const preprocess::PreprocessorConfig& preprocessor();
  // The splits as they are stored, and as the model takes their images. Collective at the first call:
  // Interrupted on every rank after a signal on any.
  const data::Dataset& train();
  const data::Dataset& test();
  // InputError where the two splits have other classes, or the same in another order; `way_out` ends its
  // message.
  void require_same_classes(const std::string& way_out = "");
  preprocess::ImageCache& train_images();
  preprocess::ImageCache& test_images();
  // Whether training images are shown beside the test images, and those that are: a sample of the training
  // split. Collective at the first call.
  bool shows_training() const { return options_.embedding.split != SplitChoice::kTest && !is_given(); }
  const data::Sample& train_sample();
  preprocess::ImageCache& train_sample_images();
  // Whether the run's embeddings are given; and, before they are in the run, how many rows and classes of
  // logits they have, from which test() follows. Collective.
  bool is_given() const { return !options_.given.embeddings.empty(); }
  void load_given(std::int64_t num_rows, std::int64_t num_classes);
  // Labels lie in the file of the embeddings: so does the next job know.
  void take_labels_of_embeddings();
  // log.csv, or the log of a Hugging Face Trainer's checkpoints where there is none.
  std::vector<store::LossRecord> loss_log() const;

  // The run's analysis.h5, where a stage of this job has made or read it; else null.
  const std::shared_ptr<const store::Analysis>& analysis() const { return analysis_; }
  void keep_analysis(store::Analysis analysis) {
    analysis_ = std::make_shared<const store::Analysis>(std::move(analysis));
  }

  // Images of the review page that are being decoded beside other work, if any.
  void keep_page_images(std::shared_ptr<PageImages> images) { page_images_ = std::move(images); }
  std::shared_ptr<PageImages> take_page_images() { return std::exchange(page_images_, nullptr); }

  // Checkpoints that this job itself has embedded: nothing is to be checked of them.
  const std::set<std::int64_t>& embedded() const { return embedded_; }
  void add_embedded(std::int64_t step) { embedded_.insert(step); }

  // Writes run.ini, the first time: to be called when the options have proven to go with the data, the model
  // and what the run directory holds, since the next command takes them from there.
  void keep_options();

  // What this job has written for other viewers.
  const std::vector<std::filesystem::path>& exported() const { return exported_; }
  void add_exported(std::filesystem::path path) { exported_.push_back(std::move(path)); }

  // Adds to the stage of that name, where there is one.
  void add_stage(const store::StageTime& stage);
  const std::vector<store::StageTime>& stages() const { return stages_; }

 private:
  LoadedSplit load(data::Split split, std::int64_t limit);
  preprocess::ImageCache& images_of(LoadedSplit& split, preprocess::Augmentation augmentation);

  comm::World& world_;
  Options options_;
  store::RunDirectory run_;
  int threads_;
  std::optional<compute::Device> gpu_;
  at::Device device_;
  model::Precision default_precision_;
  std::unique_ptr<comm::Communicator> tensors_;  // among GPUs
  std::future<void> warm_up_;                    // of a GPU
  std::optional<preprocess::PreprocessorConfig> preprocessor_;
  std::optional<LoadedSplit> train_;
  std::optional<LoadedSplit> test_;
  std::shared_ptr<const data::Sample> sample_;
  std::optional<LoadedSplit> sampled_;  // the same
  std::shared_ptr<PageImages> page_images_;
  std::shared_ptr<const store::Analysis> analysis_;
  std::set<std::int64_t> embedded_;
  std::vector<std::filesystem::path> exported_;
  std::vector<store::StageTime> stages_;
  bool options_are_kept_ = false;
};

}  // namespace zoetrope::pipeline
