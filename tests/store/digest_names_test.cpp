// SPDX-License-Identifier: Apache-2.0
// A bit of what says that there is a digest: without the name nothing else of the file would be looked at.
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/analysis_part.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/store/summary.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "loss_log_file.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;
using support::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DigestNamesTest : public ScratchTest {
 protected:
  // Calls `look` with each bit of each `name` in the file flipped in turn, and puts the file back.
  template <typename Look>
  void flip_each(const fs::path& path, std::string_view name, const Look& look) const {
    const std::string whole = support::read_file(path);
    ASSERT_NE(whole.find(name), std::string::npos) << name;
    for (std::size_t at = 0; (at = whole.find(name, at)) != std::string::npos; at += name.size())
      for (std::size_t bit = 8 * at; bit < 8 * (at + name.size()); ++bit) {
        std::string damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        put(path, damaged);
        look(bit - 8 * at);
      }
    put(path, whole);
  }
  static void put(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static void put(const fs::path& path, const Json& content) { put(path, content.dump(2)); }

  fs::path state() const { return folder_ / "trainer_state.json"; }
  fs::path record() const { return folder_ / "training.json"; }
};

TEST_F(DigestNamesTest, OfASummary) {
  const fs::path path = folder_ / "summary.json";
  write_summary(path, {});
  EXPECT_NO_THROW(read_summary(path));
  flip_each(path, kJsonDigest,
            [&](std::size_t bit) { EXPECT_THROW(read_summary(path), InputError) << "bit " << bit; });
  put(path, Json{{"stages", Json::object()}});  // of versions without
  EXPECT_NO_THROW(read_summary(path));
}

TEST_F(DigestNamesTest, OfATrainersState) {
  const TrainerState of_step{20, 0.5, 20, 40, 5, 5, 32};
  const Json sealed = sealed_trainer_state(to_json(of_step, {}), "m");
  put(state(), sealed);
  EXPECT_TRUE(read_trainer_state(state()).is_ours);
  for (const char* name : {"trial_params", kJsonDigest})
    flip_each(state(), name, [&](std::size_t bit) {
      EXPECT_THROW(read_trainer_state(state()), InputError) << "bit " << bit << " of " << name;
    });
  Json without = sealed;
  without["trial_params"].erase(kJsonDigest);
  put(state(), without);
  EXPECT_THAT(message_of<InputError>([&] { read_trainer_state(state()); }),
              AllOf(HasSubstr(state().string() + ": is damaged"), HasSubstr("model_digest")));
}

TEST_F(DigestNamesTest, OfAStateOfOthersAreNone) {
  const Json plain = {{"global_step", 20}, {"epoch", 0.5}, {"log_history", Json::array()}};
  for (const Json& trial : {Json(), Json{{"learning_rate", 1e-3}}, Json("no trial")}) {
    Json others = plain;
    others["trial_params"] = trial;
    put(state(), others);
    EXPECT_FALSE(read_trainer_state(state()).is_ours) << trial;
  }
  put(state(), plain);
  EXPECT_FALSE(read_trainer_state(state()).is_ours);
}

TEST_F(DigestNamesTest, OfATrainingRecord) {
  for (const char* name : kUnsealedFiles) put(folder_ / name, Json::object());
  const Json options = {{"seed", 1}, {"max-steps", 20}};
  Json record_of_ours = training_record(options, folder_, "m");
  put(record(), record_of_ours);
  EXPECT_EQ(read_training_record(folder_), record_of_ours);
  flip_each(record(), kJsonDigest, [&](std::size_t bit) {
    EXPECT_THROW(read_training_record(folder_), InputError) << "bit " << bit;
  });
  record_of_ours.erase(kJsonDigest);
  put(record(), record_of_ours);
  EXPECT_THAT(message_of<InputError>([&] { read_training_record(folder_); }), HasSubstr("is damaged"));
  put(record(), options);  // of versions without
  EXPECT_EQ(read_training_record(folder_), options);
}

// Its header's own checksums see to that.
TEST_F(DigestNamesTest, OfAnHdf5File) {
  const fs::path path = folder_ / "40.h5";
  write_analysis_part(path, {"abc", {1, 2}, {3}});
  EXPECT_EQ(read_analysis_part(path).integers.front(), 3);
  flip_each(path, kJsonDigest,
            [&](std::size_t bit) { EXPECT_THROW(read_analysis_part(path), InputError) << "bit " << bit; });
}

TEST_F(DigestNamesTest, AFlippedHeaderOfALogIsReadAsItWas) {
  const fs::path path = folder_ / "log.csv";
  const LossLog log(path, {{5, 0.5, 1, 2, 3, 4, 6}});
  flip_each(path, "step,epoch,loss,learning_rate,grad_norm,accuracy,images_per_second", [&](std::size_t bit) {
    EXPECT_TRUE(has_own_header(path)) << "bit " << bit;
    const auto read = read_loss_log(path);
    ASSERT_EQ(read.size(), 1U) << "bit " << bit;
    EXPECT_EQ(read[0].accuracy, 4) << "bit " << bit;
    EXPECT_EQ(read[0].images_per_second, 6) << "bit " << bit;
  });
}

}  // namespace
}  // namespace zoetrope::store
