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

#include "zoetrope/render/animation.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::render {

// The frames to encode.
struct Film {
  std::size_t count = 0;
  const std::function<Picture(std::size_t)>& frame;
  double fps = 10;
  double hold_last_s = 0;
  int threads = 1;

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

// The film's frames in order, read ahead.
class FrameReader {
 public:
  explicit FrameReader(const Film& film);
  // The next frame; at most `count` times. RunError when its size differs from the first one's.
  Picture next() { return ahead_.next(); }

 private:
  FrameSize size_;
  ReadAhead<Picture> ahead_;
};

// Each writes the whole file `path`, which nobody else sees yet.
void encode_gif(const std::string& path, const Film& film);
void encode_mp4(const std::string& path, const Film& film);
void encode_webp(const std::string& path, const Film& film);

}  // namespace zoetrope::render
