// SPDX-License-Identifier: Apache-2.0
// The nearest neighbours of N images at one checkpoint as few bits, and back. A list is told among
// candidates: who was a neighbour at the checkpoints before and after, those neighbours' neighbours, and who
// has the image in its own list, as far as these are known. How likely a candidate is, is learnt from the
// lists before. What is no candidate is told by its distance along a curve through the picture. A list of 10
// takes 60 bits where half of it changes from one checkpoint to the next, and 133 where nothing can be
// foreseen.
//
// page/neighbour_code.js decodes it, word for word as here.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "range_coder.hpp"

namespace zoetrope::review {

// What is learnt from checkpoint to checkpoint.
struct NeighbourStatistics {
  LearntBits candidate{std::size_t{5} * 5 * 6 * 4 * 5};
  LearntBits others{32};  // how many of a list are no candidates
  LearntBits far{64};     // the binary logarithm of a distance along the curve, as a tree of 6 bits
  LearntBits order{std::size_t{32} * 32};
};

// Lists of k neighbours [N, k] of a checkpoint, nearest first: of others than the image itself, each once.
using NeighbourLists = std::span<const std::int32_t>;

// What a checkpoint's lists are foretold from; empty where there is none.
struct KnownLists {
  NeighbourLists before;
  NeighbourLists after;
};

class NeighbourCoder {
 public:
  static constexpr std::int32_t kUnknown = -1;

  NeighbourCoder(std::size_t images, std::size_t neighbours)
      : images_(images),
        k_(neighbours),
        traces_(images),
        wanted_(images),
        newest_(images),
        next_(images * neighbours) {}

  // Encodes `lists`; or decodes them, where they are full of kUnknown. `curve` is a permutation of the images
  // in which those that lie near one another in the picture are near.
  template <typename Coder>
  void code(Coder& coder, NeighbourStatistics& learnt, const KnownLists& known,
            std::span<const std::int32_t> curve, std::span<std::int32_t> lists) {
    curve_ = curve;
    rank_.resize(images_);
    for (std::size_t r = 0; r < images_; ++r) rank_[at(curve[r])] = static_cast<std::int32_t>(r);
    std::fill(newest_.begin(), newest_.end(), -1);
    lists_ = lists;
    for (std::size_t image = 0; image < images_; ++image) {
      gather(static_cast<std::int32_t>(image), known);
      code_list(coder, learnt, static_cast<std::int32_t>(image));
      remember(static_cast<std::int32_t>(image));
    }
  }

 private:
  static constexpr std::size_t kHops = 10;  // of a neighbour's list
  static constexpr std::size_t kMostCandidates = 65535;

  // What speaks for a candidate.
  struct Trace {
    std::uint8_t before = 0, after = 0;  // its place in the image's list there: 4 is nearest, 0 is not in it
    std::uint8_t hops = 0;               // how many of that lists' images have it in theirs
    std::uint8_t mutual = 0;  // 2, or of its nearest 3: it has the image in its list of this checkpoint
    std::uint8_t shared = 0;  // how many who have the image have it, too
    bool noted = false;
  };

  static std::size_t at(std::int32_t image) { return static_cast<std::size_t>(image); }
  NeighbourLists list_of(NeighbourLists lists, std::int32_t image) const {
    return lists.subspan(at(image) * k_, k_);
  }
  static std::uint8_t place(std::size_t rank) { return rank < 2 ? 4 : rank < 5 ? 3 : rank < 8 ? 2 : 1; }
  static void count(std::uint8_t& number) { number = static_cast<std::uint8_t>(std::min(number + 1, 200)); }

  Trace& note(std::int32_t candidate) {
    Trace& trace = traces_[at(candidate)];
    if (!trace.noted && candidate != image_ && candidates_.size() < kMostCandidates) {
      trace = {};
      trace.noted = true;
      candidates_.push_back(candidate);
    }
    return trace;
  }

  void gather(std::int32_t image, const KnownLists& known) {
    image_ = image;
    candidates_.clear();
    follow(known.before, &Trace::before);
    follow(known.after, &Trace::after);
    for (std::int32_t e = newest_[at(image)]; e >= 0; e = next_[at(e)])
      note(owner(e)).mutual = at(e) % k_ < 4 ? 3 : 2;
    for (std::int32_t e = newest_[at(image)]; e >= 0; e = next_[at(e)]) {
      for (const std::int32_t other : list_of(lists_, owner(e)).first(std::min(k_, kHops)))
        count(note(other).shared);
      for (std::int32_t f = newest_[at(owner(e))]; f >= 0; f = next_[at(f)]) count(note(owner(f)).shared);
    }
  }

  void follow(NeighbourLists lists, std::uint8_t Trace::*member) {
    if (lists.empty()) return;
    const NeighbourLists own = list_of(lists, image_);
    for (std::size_t r = 0; r < k_; ++r) note(own[r]).*member = place(r);
    for (const std::int32_t neighbour : own)
      for (const std::int32_t other : list_of(lists, neighbour).first(std::min(k_, kHops)))
        count(note(other).hops);
  }

  std::size_t context_of(std::int32_t candidate) const {
    constexpr std::array<std::uint8_t, 9> kHopClass = {0, 1, 2, 3, 3, 4, 4, 4, 5};
    const Trace& trace = traces_[at(candidate)];
    const std::size_t hops = kHopClass[std::min<std::size_t>(trace.hops, 8)];
    const std::size_t shared = trace.shared < 3 ? trace.shared : trace.shared < 5 ? 3 : 4;
    // An image before this one, whose list is known not to have it, is less likely.
    const std::size_t mutual = trace.mutual > 0 ? trace.mutual : candidate < image_ ? 1 : 0;
    return (((std::size_t{trace.before} * 5 + trace.after) * 6 + hops) * 4 + mutual) * 5 + shared;
  }

  // The likeliest first, those alike in the order in which they were found.
  void sort_candidates(const LearntBits& learnt) {
    keys_.clear();
    contexts_.clear();
    for (const std::int32_t candidate : candidates_) {
      const std::size_t context = context_of(candidate);
      keys_.push_back((65535U - learnt.probability(context)) << 16 |
                      static_cast<std::uint32_t>(keys_.size()));
      contexts_.push_back(static_cast<std::uint16_t>(context));
      traces_[at(candidate)].noted = false;
    }
    std::sort(keys_.begin(), keys_.end());
  }

  template <typename Coder>
  void code_list(Coder& coder, NeighbourStatistics& learnt, std::int32_t image) {
    sort_candidates(learnt.candidate);
    const std::span<std::int32_t> list = lists_.subspan(at(image) * k_, k_);
    want(list, true);
    const auto is_wanted = [this](std::int32_t one) { return wanted_[at(one)] != 0; };
    const auto found =
        static_cast<std::size_t>(std::count_if(candidates_.begin(), candidates_.end(), is_wanted));
    const std::size_t others = code_number(coder, learnt.others, 0, k_ - found, k_);
    members_.clear();
    for (const std::uint32_t key : keys_) {
      if (members_.size() + others == k_) break;
      const std::int32_t candidate = candidates_[key & 0xFFFFU];
      if (!learnt.candidate.code(coder, contexts_[key & 0xFFFFU], is_wanted(candidate))) continue;
      members_.push_back(candidate);
      wanted_[at(candidate)] = 0;
    }
    for (std::size_t r = 0; members_.size() < k_; ++r)
      if (list[r] == kUnknown || is_wanted(list[r]))
        members_.push_back(code_distance(coder, learnt.far, image, list[r]));
    want(list, false);
    code_order(coder, learnt.order, list);
  }

  void want(std::span<const std::int32_t> list, bool is_wanted) {
    for (const std::int32_t one : list)
      if (one != kUnknown) wanted_[at(one)] = is_wanted ? 1 : 0;
  }

  // A number up to `most`, as that many bits of 0 and a 1 (without it where no more is possible).
  template <typename Coder>
  static std::size_t code_number(Coder& coder, LearntBits& bits, std::size_t context, std::size_t number,
                                 std::size_t most) {
    std::size_t coded = 0;
    while (coded < most && !bits.code(coder, context + std::min<std::size_t>(coded, 31), coded == number))
      ++coded;
    return coded;
  }

  // The image's distance from another along the curve: its sign, its logarithm, its lower bits.
  template <typename Coder>
  std::int32_t code_distance(Coder& coder, LearntBits& bits, std::int32_t image, std::int32_t other) {
    const std::int32_t here = rank_[at(image)];
    const std::int32_t distance = other == kUnknown ? 0 : rank_[at(other)] - here;
    const bool is_ahead = coder.bit(2048, distance > 0);
    const auto size = static_cast<std::uint32_t>(std::abs(distance));
    const std::uint32_t length = size > 0 ? static_cast<std::uint32_t>(std::bit_width(size)) - 1 : 0;
    std::uint32_t node = 1;
    for (int level = 5; level >= 0; --level)
      node = 2 * node + (bits.code(coder, node, (length >> level & 1U) != 0) ? 1 : 0);
    std::uint32_t coded = 1;
    for (std::uint32_t left = node - 64; left > 0; --left)
      coded = 2 * coded + (coder.bit(2048, (size >> (left - 1) & 1U) != 0) ? 1 : 0);
    const std::int64_t to = here + (is_ahead ? std::int64_t{coded} : -std::int64_t{coded});
    return curve_[static_cast<std::size_t>(
        std::clamp<std::int64_t>(to, 0, static_cast<std::int64_t>(images_) - 1))];
  }

  template <typename Coder>
  void code_order(Coder& coder, LearntBits& bits, std::span<std::int32_t> list) {
    for (std::size_t r = 0; r < k_; ++r) {
      const std::size_t left = members_.size() - 1;
      const auto wanted = std::find(members_.begin(), members_.end(), list[r]) - members_.begin();
      const std::size_t place = code_number(coder, bits, 32 * std::min<std::size_t>(left, 31),
                                            static_cast<std::size_t>(wanted), left);
      list[r] = members_[place];
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(place));
    }
  }

  // An entry of the lists, owner * k + rank, is in the chain of the image that it names.
  std::int32_t owner(std::int32_t entry) const { return static_cast<std::int32_t>(at(entry) / k_); }
  void remember(std::int32_t image) {
    for (std::size_t e = at(image) * k_; e < (at(image) + 1) * k_; ++e) {
      next_[e] = newest_[at(lists_[e])];
      newest_[at(lists_[e])] = static_cast<std::int32_t>(e);
    }
  }

  std::size_t images_, k_;
  std::int32_t image_ = 0;
  std::vector<Trace> traces_;
  std::vector<std::uint8_t> wanted_;  // what of the list is not told yet
  std::vector<std::int32_t> newest_, next_, rank_, candidates_, members_;
  std::vector<std::uint32_t> keys_;
  std::vector<std::uint16_t> contexts_;
  std::span<const std::int32_t> curve_;
  std::span<std::int32_t> lists_;
};

}  // namespace zoetrope::review
