// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace zoetrope::analysis {

// Ranks that analyse a checkpoint together; a null pointer in its place: this rank does it alone. All of them
// make the same calls with the same rows. What costs N² is dealt to them, the rest each does by itself, and
// each gets the whole result, with the bits of a rank that is alone. Such calls are collective, throw
// Interrupted on every rank after a signal on any, and must not be made by a caller that is
// support::Interruptible: it could end while the others wait for it.
class Team {
 public:
  Team() = default;
  virtual ~Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // The ranks' CPU tensors, which may differ in their first dimension, one after the other: at `root`, or at
  // all.
  virtual at::Tensor gather(const at::Tensor& piece, int root) = 0;
  virtual at::Tensor all_gather(const at::Tensor& piece) = 0;
  // In place, element by element.
  virtual void add_up(at::Tensor& values) = 0;

  // Does this rank's part of the work, in which no rank waits for another. Throws Interrupted on all after a
  // signal on any.
  virtual void work_together(const std::function<void()>& part) = 0;
};

}  // namespace zoetrope::analysis
