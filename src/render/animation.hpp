// SPDX-License-Identifier: Apache-2.0
// What the encoders of the three formats share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/support/range.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::render {

// The frames to encode.
struct Film {
  std::size_t count = 0;
  const std::function<Picture(std::size_t)>& frame;
  double fps = 10;
  double hold_last_s = 0;
  int threads = 1;
  const std::vector<std::uint32_t>& exact_colours;

  // When frame `i` appears; of `count`: when the last one ends.
  double time_s(std::size_t i) const;
};

// make(0), ..., make(count - 1) in order, `threads` of them at a time ahead of the caller.
template <typename Result>
class ReadAhead {
 public:
  ReadAhead(std::size_t count, int threads, std::function<Result(std::size_t)> make)
      : count_(count), make_(std::move(make)) {
    while (ahead_.size() < static_cast<std::size_t>(std::max(1, threads)) && started_ < count_) start();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() = default;

  // At most `count` times; rethrows what `make` threw.
  Result next() {
    const trace::Span span("waiting for a frame");
    Result result = ahead_.front().get();
    ahead_.pop_front();
    if (started_ < count_) start();
    return result;
  }

 private:
  void start() {
    ahead_.push_back(std::async(std::launch::async, [this, i = started_] {
      trace::name_thread("zt-frames");
      return make_(i);
    }));
    ++started_;
  }

  std::size_t count_;
  std::size_t started_ = 0;
  std::function<Result(std::size_t)> make_;
  std::deque<std::future<Result>> ahead_;  // the first to go: its futures wait for threads that use the rest
};

// The size that all frames must have, taken from the first one to come.
class FrameSize {
 public:
  // RunError when frame `i` has another one. From any thread.
  void check(std::size_t i, const Picture& picture);

 private:
  std::mutex mutex_;
  int width_ = 0;
  int height_ = 0;
};

// The film in pieces of as many frames each, whatever the number of threads: what each makes of a piece, in
// the film's order.
template <typename Result>
class PieceReader {
 public:
  PieceReader(const Film& film, const std::function<Result(support::Range frames)>& make)
      : num_frames_(film.count),
        ahead_(count(), film.threads, [this, make](std::size_t k) { return make(range(k)); }) {}

  std::size_t count() const { return (num_frames_ + kFrames - 1) / kFrames; }
  support::Range range(std::size_t k) const {
    return {static_cast<std::int64_t>(k * kFrames),
            static_cast<std::int64_t>(std::min((k + 1) * kFrames, num_frames_))};
  }
  // At most `count()` times; rethrows what `make` threw.
  Result next() { return ahead_.next(); }

 private:
  // The first frame of each is a whole picture, which costs bytes; but with few pieces cores wait at the end.
  static constexpr std::size_t kFrames = 32;

  std::size_t num_frames_;
  ReadAhead<Result> ahead_;
};

// Each writes the whole file `path`, which nobody else sees yet.
void encode_gif(const std::string& path, const Film& film);
void encode_mp4(const std::string& path, const Film& film);
void encode_webp(const std::string& path, const Film& film);

}  // namespace zoetrope::render
