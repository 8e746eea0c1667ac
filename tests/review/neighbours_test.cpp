// SPDX-License-Identifier: Apache-2.0
// Neighbours as the page holds them, decoded again; finding_test.py and page_test.py have the page's own
// decoder do it.
#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "neighbour_code.hpp"
#include "page_neighbours.hpp"
#include "review/sample_run.hpp"

namespace zoetrope::review {
namespace {

constexpr std::size_t kAnyRoom = std::size_t{1} << 40;

struct MadeRun {
  store::Analysis analysis;
  std::vector<std::uint16_t> points;
};

// Points anywhere, also some that are no numbers.
std::vector<std::uint16_t> points_of(std::size_t frames, std::size_t images) {
  std::mt19937 random(5);
  std::vector<std::uint16_t> points(2 * frames * images);
  for (std::uint16_t& one : points)
    one = random() % 50 == 0 ? 65535 : static_cast<std::uint16_t>(random() % 16383);
  return points;
}

MadeRun random_run(std::size_t frames, std::size_t images, std::size_t k) {
  MadeRun run;
  std::mt19937 random(7);
  std::vector<std::int32_t> others(images);
  for (std::size_t t = 0; t < frames; ++t) {
    run.analysis.step.push_back(static_cast<std::int64_t>(t));
    for (std::size_t i = 0; i < images; ++i) {
      std::iota(others.begin(), others.end(), 0);
      std::swap(others[i], others.back());
      for (std::size_t r = 0; r < k; ++r) {
        std::swap(others[r], others[r + random() % (images - 1 - r)]);
        run.analysis.neighbour.push_back(others[r]);
      }
    }
  }
  run.analysis.label.assign(images, 0);
  run.points = points_of(frames, images);
  return run;
}

MadeRun gradual_run(std::int64_t frames, std::int64_t images) {
  MadeRun run{make_sample({.images = images, .frames = frames, .side = 1}).analysis, {}};
  run.points = points_of(run.analysis.num_frames(), run.analysis.num_images());
  return run;
}

// The lists of each frame that is kept, as neighbour_code.js decodes them.
class Unpacked {
 public:
  Unpacked(const PackedNeighbours& packed, const MadeRun& run)
      : packed_(packed),
        run_(run),
        images_(run.analysis.num_images()),
        coder_(images_, packed.count),
        lists(packed.frames.size(),
              std::vector<std::int32_t>(images_ * packed.count, NeighbourCoder::kUnknown)) {
    NeighbourStatistics learnt;
    const std::size_t last = packed.frames.size() - 1;
    decode(0, {}, learnt);
    if (last > 0) decode(last, {lists[0], {}}, learnt);
    decode_between(0, last, learnt);
  }

 private:
  void decode_between(std::size_t first, std::size_t last, NeighbourStatistics learnt) {
    if (last - first < 2) return;
    const std::size_t middle = (first + last) / 2;
    decode(middle, {lists[first], lists[last]}, learnt);
    decode_between(first, middle, learnt);
    decode_between(middle, last, learnt);
  }
  void decode(std::size_t at, const KnownLists& known, NeighbourStatistics& learnt) {
    RangeDecoder decoder(packed_.codes[at]);
    const auto curve = curve_through(run_.points.data() + 2 * packed_.frames[at] * images_, images_);
    coder_.code(decoder, learnt, known, curve, lists[at]);
  }

  const PackedNeighbours& packed_;
  const MadeRun& run_;
  std::size_t images_;
  NeighbourCoder coder_;

 public:
  std::vector<std::vector<std::int32_t>> lists;
};

void expect_nearest_of(const MadeRun& run, const PackedNeighbours& packed) {
  const Unpacked unpacked(packed, run);
  const std::size_t images = run.analysis.num_images(), k = run.analysis.num_neighbours();
  for (std::size_t at = 0; at < packed.frames.size(); ++at)
    for (std::size_t i = 0; i < images; ++i)
      for (std::size_t r = 0; r < packed.count; ++r)
        ASSERT_EQ(unpacked.lists[at][i * packed.count + r],
                  run.analysis.neighbour[(packed.frames[at] * images + i) * k + r])
            << "frame " << packed.frames[at] << ", image " << i << ", place " << r;
}

std::size_t bytes_of(const PackedNeighbours& packed) {
  std::size_t bytes = 0;
  for (const std::string& code : packed.codes) bytes += code.size();
  return bytes;
}

TEST(PageNeighbours, ComeBackWhateverTheyAre) {
  for (const std::size_t images : {2U, 3U, 11U, 300U})
    for (const std::size_t frames : {1U, 2U, 3U, 8U})
      for (const std::size_t k : {1U, 2U, 10U, 30U}) {
        if (k >= images) continue;
        const MadeRun run = random_run(frames, images, k);
        const PackedNeighbours packed = pack_neighbours(run.analysis, run.points, kAnyRoom);
        ASSERT_EQ(packed.frames.size(), frames);
        ASSERT_EQ(packed.count, k);
        expect_nearest_of(run, packed);
      }
}

TEST(PageNeighbours, ThatChangeGraduallyComeBackFromHalfTheBytes) {
  const MadeRun gradual = gradual_run(20, 1000), random = random_run(20, 1000, 10);

  const PackedNeighbours packed = pack_neighbours(gradual.analysis, gradual.points, kAnyRoom);

  expect_nearest_of(gradual, packed);
  EXPECT_LT(2 * bytes_of(packed), bytes_of(pack_neighbours(random.analysis, random.points, kAnyRoom)));
}

// Ten of 1,000 in order are 99.6 bits, whoever packs them.
TEST(PageNeighbours, ThatNobodyForeseesTakeHardlyMoreThanTheirInformation) {
  const MadeRun run = random_run(4, 1000, 10);

  EXPECT_LT(static_cast<double>(bytes_of(pack_neighbours(run.analysis, run.points, kAnyRoom))),
            1.25 * 4 * 1000 * 99.6 / 8);
}

TEST(PageNeighbours, AreFewerOfEachCheckpointBeforeCheckpointsAreLeftOut) {
  const MadeRun run = gradual_run(20, 500);
  const std::size_t all = bytes_of(pack_neighbours(run.analysis, run.points, kAnyRoom));

  const PackedNeighbours fewer = pack_neighbours(run.analysis, run.points, 3 * all / 4);
  EXPECT_EQ(fewer.frames.size(), 20U);
  EXPECT_LT(fewer.count, 10U);
  EXPECT_GE(fewer.count, 5U);
  EXPECT_LE(bytes_of(fewer), 3 * all / 4);
  expect_nearest_of(run, fewer);

  const PackedNeighbours fewest = pack_neighbours(run.analysis, run.points, all / 4);
  EXPECT_EQ(fewest.count, 5U);
  EXPECT_LT(fewest.frames.size(), 20U);
  EXPECT_EQ(fewest.frames.front(), 0U);
  EXPECT_EQ(fewest.frames.back(), 19U);
  EXPECT_LE(bytes_of(fewest), all / 4);
  expect_nearest_of(run, fewest);

  EXPECT_EQ(pack_neighbours(run.analysis, run.points, 1).frames, (std::vector<std::size_t>{0, 19}));
  EXPECT_EQ(pack_neighbours(run.analysis, run.points, kAnyRoom, 2).frames, (std::vector<std::size_t>{0, 19}));
}

TEST(PageNeighbours, AreThirtyAtMost) {
  const MadeRun run = random_run(2, 100, 60);

  const PackedNeighbours packed = pack_neighbours(run.analysis, run.points, kAnyRoom);

  EXPECT_EQ(packed.count, 30U);
  expect_nearest_of(run, packed);
}

TEST(PageNeighbours, AreNoneWhereTheAnalysisHasNone) {
  EXPECT_TRUE(pack_neighbours({}, {}, kAnyRoom).codes.empty());
}

TEST(PageNeighbours, AreRefusedWhereAnImageIsThereTwiceOrItsOwn) {
  MadeRun run = random_run(2, 20, 5);
  run.analysis.neighbour[20 * 5 + 7 * 5 + 2] = run.analysis.neighbour[20 * 5 + 7 * 5];
  EXPECT_THROW(pack_neighbours(run.analysis, run.points, kAnyRoom), InputError);

  run = random_run(2, 20, 5);
  run.analysis.neighbour[7 * 5 + 2] = 7;
  EXPECT_THROW(pack_neighbours(run.analysis, run.points, kAnyRoom), InputError);
}

}  // namespace
}  // namespace zoetrope::review
