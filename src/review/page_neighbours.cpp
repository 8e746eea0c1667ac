// SPDX-License-Identifier: Apache-2.0
#include "page_neighbours.hpp"

#include <algorithm>
#include <numeric>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "neighbour_code.hpp"

namespace zoetrope::review {
namespace {

constexpr std::size_t kFewestNeighbours = 5;
constexpr std::size_t kMostNeighbours = 30;
constexpr std::size_t kFewestFrames = 2;

// The first `count` of each list of each frame that is kept: [frame, N, count].
class Lists {
 public:
  Lists(const store::Analysis& analysis, const std::vector<std::size_t>& frames, std::size_t count)
      : of_frame_(analysis.num_images() * count) {
    const std::size_t images = analysis.num_images(), all = analysis.num_neighbours();
    lists_.reserve(frames.size() * of_frame_);
    for (const std::size_t frame : frames)
      for (std::size_t i = 0; i < images; ++i) {
        const auto first =
            analysis.neighbour.begin() + static_cast<std::ptrdiff_t>((frame * images + i) * all);
        lists_.insert(lists_.end(), first, first + static_cast<std::ptrdiff_t>(count));
      }
  }

  std::span<std::int32_t> of(std::size_t frame) {
    return std::span(lists_).subspan(frame * of_frame_, of_frame_);
  }

 private:
  std::size_t of_frame_;
  std::vector<std::int32_t> lists_;
};

void check_lists(const store::Analysis& analysis) {
  const std::size_t images = analysis.num_images(), k = analysis.num_neighbours();
  std::vector<std::int32_t> list;
  for (std::size_t at = 0; at < analysis.num_frames() * images; ++at) {
    list.assign(analysis.neighbour.begin() + static_cast<std::ptrdiff_t>(at * k),
                analysis.neighbour.begin() + static_cast<std::ptrdiff_t>((at + 1) * k));
    list.push_back(static_cast<std::int32_t>(at % images));
    std::sort(list.begin(), list.end());
    if (std::adjacent_find(list.begin(), list.end()) != list.end())
      throw InputError("the neighbours of image " + std::to_string(at % images) + " at step " +
                       std::to_string(analysis.step[at / images]) +
                       " are not others, each once; delete analysis.h5 and analyse again");
  }
}

// The first checkpoint by itself, the last from the first, then those between from both sides, always the
// middle one: so each can be decoded with a few others.
class Packer {
 public:
  Packer(const store::Analysis& analysis, const std::vector<std::uint16_t>& points,
         const std::vector<std::size_t>& frames, std::size_t count)
      : points_(points),
        lists_(analysis, frames, count),
        coder_(analysis.num_images(), count),
        images_(analysis.num_images()) {
    packed_ = {.frames = frames, .count = count, .codes = std::vector<std::string>(frames.size())};
  }

  PackedNeighbours pack() && {
    const std::size_t last = packed_.frames.size() - 1;
    NeighbourStatistics learnt;
    pack_frame(0, {}, learnt);
    if (last > 0) pack_frame(last, {.before = lists_.of(0), .after = {}}, learnt);
    pack_between(0, last, learnt);
    return std::move(packed_);
  }

 private:
  void pack_between(std::size_t first, std::size_t last, NeighbourStatistics learnt) {
    if (last - first < 2) return;
    const std::size_t middle = (first + last) / 2;
    pack_frame(middle, {lists_.of(first), lists_.of(last)}, learnt);
    pack_between(first, middle, learnt);
    pack_between(middle, last, std::move(learnt));
  }

  void pack_frame(std::size_t at, const KnownLists& known, NeighbourStatistics& learnt) {
    support::stop_point();
    RangeEncoder encoder;
    const std::vector<std::int32_t> curve =
        curve_through(points_.data() + 2 * packed_.frames[at] * images_, images_);
    coder_.code(encoder, learnt, known, curve, lists_.of(at));
    packed_.codes[at] = encoder.finish();
  }

  const std::vector<std::uint16_t>& points_;
  Lists lists_;
  NeighbourCoder coder_;
  std::size_t images_;
  PackedNeighbours packed_;
};

std::size_t size_of(const PackedNeighbours& packed) {
  return std::accumulate(packed.codes.begin(), packed.codes.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& code) { return sum + code.size(); });
}

// Evenly spaced, the first and the last among them.
std::vector<std::size_t> spaced_frames(std::size_t frames, std::size_t count) {
  std::vector<std::size_t> spaced;
  for (std::size_t k = 0; k < count; ++k) spaced.push_back(count < 2 ? 0 : k * (frames - 1) / (count - 1));
  return spaced;
}

// What may fit after `number` took `size` bytes: a list's, or a checkpoint's, share is no smaller where there
// are fewer.
std::size_t fewer(std::size_t number, std::size_t size, std::size_t room, std::size_t fewest) {
  return std::clamp(number * room / size, fewest, number - 1);
}

std::uint64_t spread_bits(std::uint64_t bits) {
  std::uint64_t spread = 0;
  for (int bit = 0; bit < 14; ++bit) spread |= (bits >> bit & 1U) << (2 * bit);
  return spread;
}

}  // namespace

std::vector<std::int32_t> curve_through(const std::uint16_t* points, std::size_t images) {
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < images; ++i)
    keys.push_back((spread_bits(points[2 * i]) | spread_bits(points[2 * i + 1]) << 1) << 32 | i);
  std::sort(keys.begin(), keys.end());
  std::vector<std::int32_t> curve;
  for (const std::uint64_t key : keys) curve.push_back(static_cast<std::int32_t>(key & 0xFFFFFFFFU));
  return curve;
}

PackedNeighbours pack_neighbours(const store::Analysis& analysis, const std::vector<std::uint16_t>& points,
                                 std::size_t room, std::size_t most_frames) {
  if (analysis.neighbour.empty()) return {};
  const trace::Span span("packing neighbours", "checkpoints",
                         static_cast<std::int64_t>(analysis.num_frames()));
  check_lists(analysis);
  std::size_t count = std::min(analysis.num_neighbours(), kMostNeighbours);
  std::size_t frames = std::min(analysis.num_frames(), most_frames);
  const std::size_t fewest = std::min(count, kFewestNeighbours);
  while (true) {
    PackedNeighbours packed =
        Packer(analysis, points, spaced_frames(analysis.num_frames(), frames), count).pack();
    const std::size_t size = size_of(packed);
    if (size <= room || (count == fewest && frames <= kFewestFrames)) return packed;
    if (count > fewest)
      count = fewer(count, size, room, fewest);
    else
      frames = fewer(frames, size, room, kFewestFrames);
  }
}

}  // namespace zoetrope::review
