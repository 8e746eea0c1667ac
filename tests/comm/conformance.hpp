// SPDX-License-Identifier: Apache-2.0
// What every Communicator must do, whatever its backend. A backend is a type with
//   static int size();                                            how many ranks the test must find
//   static void run(const std::function<void(Communicator&)>&);   runs a body on every rank
//   static at::Device device();                                   where its tensors live
// Values follow closed forms, so that each rank knows the right answer without another library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

inline const std::vector<at::ScalarType> kDtypes = {at::kFloat, at::kDouble, at::kLong,
                                                    at::kInt,   at::kByte,   at::kBFloat16};
inline const std::vector<std::int64_t> kSizes = {0, 1, 1009, std::int64_t{1} << 20};
inline const std::vector<ReduceOp> kOps = {ReduceOp::kSum, ReduceOp::kAverage, ReduceOp::kMin,
                                           ReduceOp::kMax};

// Element j on rank r is (7 j + 3 r) mod 11: small enough that sums are exact in every dtype, and the rank
// that holds the least or the greatest changes from element to element.
inline constexpr std::int64_t kPeriod = 11;

// The first `size` elements of a pattern of kPeriod elements, over and over.
inline at::Tensor repeated(const at::Tensor& pattern, std::int64_t size, at::ScalarType dtype) {
  return pattern.to(dtype).repeat({size / kPeriod + 1}).slice(0, 0, size).contiguous();
}

inline at::Tensor pattern_of(int rank) {
  const at::Tensor j = at::arange(kPeriod, at::TensorOptions(at::kDouble));
  return at::remainder(j * 7 + rank * 3, kPeriod);
}

inline at::Tensor values_of(int rank, std::int64_t size, at::ScalarType dtype) {
  return repeated(pattern_of(rank), size, dtype);
}

inline at::Tensor reduced(int ranks, std::int64_t size, at::ScalarType dtype, ReduceOp op) {
  at::Tensor pattern = pattern_of(0);
  for (int r = 1; r < ranks; ++r) {
    switch (op) {
      case ReduceOp::kMin:
        pattern = at::minimum(pattern, pattern_of(r));
        break;
      case ReduceOp::kMax:
        pattern = at::maximum(pattern, pattern_of(r));
        break;
      case ReduceOp::kSum:
      case ReduceOp::kAverage:
        pattern = pattern + pattern_of(r);
        break;
    }
  }
  if (op == ReduceOp::kAverage) pattern = pattern / ranks;
  return repeated(pattern, size, dtype);
}

inline bool is_refused(at::ScalarType dtype, ReduceOp op) {
  return op == ReduceOp::kAverage && !at::isFloatingType(dtype);
}

// Averages are allowed one rounding more than the closed form has.
inline bool agrees(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.sizes() != expected.sizes() || actual.scalar_type() != expected.scalar_type()) return false;
  const double tolerance = expected.scalar_type() == at::kBFloat16 ? 0x1p-8 : 1e-6;
  return at::allclose(actual.cpu().to(at::kDouble), expected.cpu().to(at::kDouble), tolerance, 0.0);
}

template <typename Backend>
class Conformance : public testing::Test {
 protected:
  // Runs `body` on every rank and makes sure that it ran with the number of ranks that was asked for.
  static void on_every_rank(const std::function<void(Communicator&)>& body) {
    Backend::run([&](Communicator& communicator) {
      ASSERT_EQ(communicator.size(), Backend::size());
      ASSERT_GE(communicator.rank(), 0);
      ASSERT_LT(communicator.rank(), communicator.size());
      body(communicator);
    });
  }
  static at::Tensor mine(Communicator& communicator, std::int64_t size, at::ScalarType dtype) {
    return values_of(communicator.rank(), size, dtype).to(Backend::device());
  }
};

TYPED_TEST_SUITE_P(Conformance);

TYPED_TEST_P(Conformance, AllReduceOfEveryKind) {
  this->on_every_rank([&](Communicator& communicator) {
    for (const auto dtype : kDtypes) {
      for (const auto op : kOps) {
        for (const auto size : kSizes) {
          if (is_refused(dtype, op)) continue;
          const at::Tensor tensor = this->mine(communicator, size, dtype);

          communicator.all_reduce(tensor, op);

          EXPECT_TRUE(agrees(tensor, reduced(communicator.size(), size, dtype, op)))
              << c10::toString(dtype) << " x " << size << ", operation " << static_cast<int>(op);
        }
      }
    }
  });
}

TYPED_TEST_P(Conformance, ReduceToEveryRoot) {
  this->on_every_rank([&](Communicator& communicator) {
    for (int root = 0; root < communicator.size(); ++root) {
      for (const auto dtype : kDtypes) {
        for (const auto op : kOps) {
          if (is_refused(dtype, op)) continue;
          const at::Tensor tensor = this->mine(communicator, 1009, dtype);

          communicator.reduce(tensor, root, op);

          if (communicator.rank() != root) continue;
          EXPECT_TRUE(agrees(tensor, reduced(communicator.size(), 1009, dtype, op)))
              << c10::toString(dtype) << ", operation " << static_cast<int>(op) << ", root " << root;
        }
      }
    }
  });
}

TYPED_TEST_P(Conformance, BroadcastFromEveryRoot) {
  this->on_every_rank([&](Communicator& communicator) {
    for (int root = 0; root < communicator.size(); ++root) {
      for (const auto dtype : kDtypes) {
        for (const auto size : kSizes) {
          const at::Tensor tensor = this->mine(communicator, size, dtype);

          communicator.broadcast(tensor, root);

          EXPECT_TRUE(at::equal(tensor.cpu(), values_of(root, size, dtype)))
              << c10::toString(dtype) << " x " << size << " from " << root;
        }
      }
    }
  });
}

// Rank r brings (r + offset) mod 3 rows of three numbers: some ranks bring none.
inline at::Tensor rows_of(int rank, int offset, at::ScalarType dtype) {
  return values_of(rank, ((rank + offset) % 3) * 3, dtype).reshape({-1, 3});
}

inline at::Tensor rows_of_all(int ranks, int offset, at::ScalarType dtype) {
  std::vector<at::Tensor> pieces;
  for (int r = 0; r < ranks; ++r) pieces.push_back(rows_of(r, offset, dtype));
  return at::cat(pieces, 0);
}

TYPED_TEST_P(Conformance, GatherConcatenatesPiecesOfUnequalLength) {
  this->on_every_rank([&](Communicator& communicator) {
    for (int root = 0; root < communicator.size(); ++root) {
      for (const auto dtype : kDtypes) {
        for (int offset = 0; offset < 3; ++offset) {
          const at::Tensor piece = rows_of(communicator.rank(), offset, dtype).to(TypeParam::device());

          const at::Tensor all = communicator.gather(piece, root);

          if (communicator.rank() != root) continue;
          EXPECT_TRUE(at::equal(all.cpu(), rows_of_all(communicator.size(), offset, dtype)))
              << c10::toString(dtype) << ", offset " << offset << ", root " << root;
        }
      }
    }
  });
}

TYPED_TEST_P(Conformance, AllGatherConcatenatesPiecesOfUnequalLength) {
  this->on_every_rank([&](Communicator& communicator) {
    for (const auto dtype : kDtypes) {
      for (int offset = 0; offset < 3; ++offset) {
        const at::Tensor piece = rows_of(communicator.rank(), offset, dtype).to(TypeParam::device());

        const at::Tensor all = communicator.all_gather(piece);

        EXPECT_TRUE(at::equal(all.cpu(), rows_of_all(communicator.size(), offset, dtype)))
            << c10::toString(dtype) << ", offset " << offset;
      }
    }
  });
}

TYPED_TEST_P(Conformance, GatherOfLargePieces) {
  this->on_every_rank([&](Communicator& communicator) {
    constexpr std::int64_t rows = 100'003;
    const at::Tensor piece = this->mine(communicator, rows, at::kFloat);

    const at::Tensor on_all = communicator.all_gather(piece);
    const at::Tensor on_last = communicator.gather(piece, communicator.size() - 1);

    for (int r = 0; r < communicator.size(); ++r) {
      const at::Tensor expected = values_of(r, rows, at::kFloat);
      EXPECT_TRUE(at::equal(on_all.slice(0, r * rows, (r + 1) * rows).cpu(), expected)) << "piece " << r;
      if (communicator.rank() != communicator.size() - 1) continue;
      EXPECT_TRUE(at::equal(on_last.slice(0, r * rows, (r + 1) * rows).cpu(), expected)) << "piece " << r;
    }
  });
}

TYPED_TEST_P(Conformance, ResultsOfGathersAreCopies) {
  this->on_every_rank([&](Communicator& communicator) {
    const at::Tensor piece = this->mine(communicator, 5, at::kFloat);
    const at::Tensor all = communicator.all_gather(piece);

    piece.fill_(-1);

    EXPECT_TRUE(at::equal(all.slice(0, communicator.rank() * 5, (communicator.rank() + 1) * 5).cpu(),
                          values_of(communicator.rank(), 5, at::kFloat)));
  });
}

TYPED_TEST_P(Conformance, AsynchronousAllReducesAmongOtherCollectives) {
  struct Started {
    at::Tensor tensor;
    at::Tensor expected;
    std::unique_ptr<Work> work;
  };
  this->on_every_rank([&](Communicator& communicator) {
    const int n = communicator.size();
    std::vector<Started> all;
    std::int64_t size = 1;
    for (const auto dtype : kDtypes) {
      for (const auto op : kOps) {
        if (is_refused(dtype, op)) continue;
        const at::Tensor tensor = this->mine(communicator, size, dtype);
        all.push_back({tensor, reduced(n, size, dtype, op), communicator.all_reduce_async(tensor, op)});
        const at::Tensor other = this->mine(communicator, 17, at::kDouble);
        communicator.all_reduce(other, ReduceOp::kSum);
        EXPECT_TRUE(agrees(other, reduced(n, 17, at::kDouble, ReduceOp::kSum)));
        communicator.barrier();
        size += 3001;
      }
    }

    for (auto started = all.rbegin(); started != all.rend(); ++started)
      started->work->wait();  // in any order

    for (const Started& started : all) {
      EXPECT_TRUE(agrees(started.tensor, started.expected))
          << started.tensor.dtype() << " x " << started.tensor.numel();
    }
  });
}

TYPED_TEST_P(Conformance, PartsOfItsOwnBuffersAreSummed) {
  this->on_every_rank([&](Communicator& communicator) {
    constexpr std::int64_t kSize = 100'003, kCut = 12'345;
    const at::Tensor like = at::ones({kSize}, at::TensorOptions(TypeParam::device()));
    const at::Tensor buffer = communicator.make_buffer(like), other = communicator.make_buffer(like);
    EXPECT_TRUE(buffer.cpu().eq(0).all().template item<bool>());

    for (int step = 0; step < 3; ++step) {  // the buffer is written to again at once
      buffer.copy_(this->mine(communicator, kSize, at::kFloat));
      other.fill_(step);
      const auto tail = communicator.all_reduce_async(buffer.narrow(0, kCut, kSize - kCut), ReduceOp::kSum);
      const auto head = communicator.all_reduce_async(buffer.narrow(0, 0, kCut), ReduceOp::kSum);
      const auto none = communicator.all_reduce_async(other.narrow(0, 7, 0), ReduceOp::kSum);
      for (Work* work : {tail.get(), head.get(), none.get()}) work->wait();

      EXPECT_TRUE(agrees(buffer, reduced(communicator.size(), kSize, at::kFloat, ReduceOp::kSum)));
      EXPECT_TRUE(other.cpu().eq(step).all().template item<bool>());
      buffer.add_(1);
    }
    const auto largest = communicator.all_reduce_async(other, ReduceOp::kMax);  // not a sum: another way
    largest->wait();
    EXPECT_TRUE(other.cpu().eq(2).all().template item<bool>());
  });
}

TYPED_TEST_P(Conformance, WaitingTwiceIsAllowed) {
  this->on_every_rank([&](Communicator& communicator) {
    const at::Tensor tensor = this->mine(communicator, 1009, at::kFloat);
    const auto work = communicator.all_reduce_async(tensor, ReduceOp::kMax);
    work->wait();
    work->wait();
    EXPECT_TRUE(agrees(tensor, reduced(communicator.size(), 1009, at::kFloat, ReduceOp::kMax)));
  });
}

TYPED_TEST_P(Conformance, DroppedWorkIsStillDone) {
  this->on_every_rank([&](Communicator& communicator) {
    const at::Tensor tensor = this->mine(communicator, 100'003, at::kFloat);
    { const auto dropped = communicator.all_reduce_async(tensor, ReduceOp::kSum); }
    EXPECT_TRUE(agrees(tensor, reduced(communicator.size(), 100'003, at::kFloat, ReduceOp::kSum)));
  });
}

TYPED_TEST_P(Conformance, SplitGroupsWorkSideBySide) {
  this->on_every_rank([&](Communicator& communicator) {
    const int color = communicator.rank() % 2;
    const auto group = communicator.split(color);
    const int expected_size = (communicator.size() + 1 - color) / 2;
    ASSERT_EQ(group->size(), expected_size);
    ASSERT_EQ(group->rank(), communicator.rank() / 2);
    ASSERT_EQ(group->backend(), communicator.backend());

    // Unequal work: one group calls more often than the other.
    for (int i = 0; i <= color * 5; ++i) {
      const at::Tensor sum = at::full({3}, 1.0, at::TensorOptions(TypeParam::device()));
      const auto asynchronous = at::full({7}, 2.0, at::TensorOptions(TypeParam::device()));
      const auto work = group->all_reduce_async(asynchronous, ReduceOp::kSum);
      group->all_reduce(sum, ReduceOp::kSum);
      work->wait();
      EXPECT_TRUE(at::equal(sum.cpu(), at::full({3}, static_cast<float>(expected_size))));
      EXPECT_TRUE(at::equal(asynchronous.cpu(), at::full({7}, 2.0F * static_cast<float>(expected_size))));
    }
    communicator.barrier();
  });
}

TYPED_TEST_P(Conformance, SplitsOfSplitsAndRepeatedSplits) {
  this->on_every_rank([&](Communicator& communicator) {
    for (int round = 0; round < 3; ++round) {
      const auto all = communicator.split(7);
      const auto alone = all->split(all->rank());

      const at::Tensor tensor = at::full({1}, 1.0, at::TensorOptions(TypeParam::device()));
      alone->all_reduce(tensor, ReduceOp::kSum);
      EXPECT_EQ(tensor.item<float>(), 1.0F);
      all->all_reduce(tensor, ReduceOp::kSum);
      EXPECT_EQ(tensor.item<float>(), static_cast<float>(communicator.size()));
    }
  });
}

TYPED_TEST_P(Conformance, WrongArgumentsAreRefusedBeforeAnythingIsSent) {
  this->on_every_rank([&](Communicator& communicator) {
    const auto options = at::TensorOptions(TypeParam::device());
    const at::Tensor good = at::zeros({4, 3}, options);
    const auto expect_refused = [&](const at::Tensor& bad) {
      EXPECT_THROW(communicator.all_reduce(bad, ReduceOp::kSum), std::invalid_argument);
      EXPECT_THROW(communicator.all_reduce_async(bad, ReduceOp::kSum), std::invalid_argument);
      EXPECT_THROW(communicator.reduce(bad, 0, ReduceOp::kSum), std::invalid_argument);
      EXPECT_THROW(communicator.broadcast(bad, 0), std::invalid_argument);
      EXPECT_THROW(communicator.gather(bad, 0), std::invalid_argument);
      EXPECT_THROW(communicator.all_gather(bad), std::invalid_argument);
    };

    expect_refused(at::Tensor());
    expect_refused(good.t());
    expect_refused(good.to(at::kHalf));
    expect_refused(good.to(at::kBool));
    EXPECT_THROW(communicator.all_gather(at::zeros({}, options)), std::invalid_argument);
    EXPECT_THROW(communicator.all_reduce(good.to(at::kLong), ReduceOp::kAverage), std::invalid_argument);
    for (const int root : {-1, communicator.size()}) {
      EXPECT_THROW(communicator.broadcast(good, root), std::invalid_argument);
      EXPECT_THROW(communicator.reduce(good, root, ReduceOp::kSum), std::invalid_argument);
      EXPECT_THROW(communicator.gather(good, root), std::invalid_argument);
    }
    EXPECT_THROW(communicator.split(-1), std::invalid_argument);

    communicator.all_reduce(good, ReduceOp::kSum);  // and it still works
    EXPECT_TRUE(at::equal(good.cpu(), at::zeros({4, 3})));
  });
}

TYPED_TEST_P(Conformance, PiecesOfUnequalRowsAreRefusedOnEveryRank) {
  this->on_every_rank([&](Communicator& communicator) {
    if (communicator.size() == 1) return;  // nothing to disagree with
    const auto options = at::TensorOptions(TypeParam::device());
    const bool odd_one = communicator.rank() == communicator.size() - 1;
    const at::Tensor wider = at::zeros({2, odd_one ? 4 : 3}, options);
    const at::Tensor other_dtype = at::zeros({2, 3}, options.dtype(odd_one ? at::kFloat : at::kInt));

    EXPECT_THROW(communicator.all_gather(wider), std::invalid_argument);
    EXPECT_THROW(communicator.gather(other_dtype, 0), std::invalid_argument);

    EXPECT_EQ(communicator.all_gather(at::zeros({2, 3}, options)).size(0), 2 * communicator.size());
  });
}

TYPED_TEST_P(Conformance, ParametersThatNeedGradientsAreCarried) {
  this->on_every_rank([&](Communicator& communicator) {
    at::Tensor parameter = this->mine(communicator, 10, at::kFloat).requires_grad_(true);

    communicator.broadcast(parameter, 0);

    EXPECT_TRUE(at::equal(parameter.detach().cpu(), values_of(0, 10, at::kFloat)));
    EXPECT_TRUE(parameter.requires_grad());
  });
}

TYPED_TEST_P(Conformance, ReduceScatterSumsTheShares) {
  this->on_every_rank([&](Communicator& communicator) {
    constexpr std::int64_t kSize = 100'003;
    const std::int64_t n = communicator.size(), r = communicator.rank();
    const at::Tensor like = at::empty({kSize}, at::TensorOptions(TypeParam::device()));
    for (const at::Tensor& tensor : {communicator.make_buffer(like), like}) {
      // Even shares, and all for the last rank.
      for (const support::Range share : {support::Range{kSize * r / n, kSize * (r + 1) / n},
                                         support::Range{r + 1 == n ? 0 : kSize, kSize}}) {
        tensor.copy_(this->mine(communicator, kSize, at::kFloat));

        communicator.reduce_scatter(tensor, share);

        const at::Tensor expected = reduced(communicator.size(), kSize, at::kFloat, ReduceOp::kSum);
        EXPECT_TRUE(
            agrees(tensor.slice(0, share.begin, share.end), expected.slice(0, share.begin, share.end)));
        communicator.barrier();
      }
    }
  });
}

TYPED_TEST_P(Conformance, CommonMemoryIsTheSameOnEveryRank) {
  this->on_every_rank([&](Communicator& communicator) {
    const std::int64_t n = communicator.size();
    const at::Tensor common = communicator.make_common(n), other = communicator.make_common(100'003);
    if (!common.defined()) {
      EXPECT_FALSE(other.defined());
      return;
    }
    EXPECT_TRUE(common.eq(0).all().template item<bool>());
    communicator.barrier();

    common[communicator.rank()] = communicator.rank() + 1;
    communicator.barrier();

    EXPECT_TRUE(at::equal(common, at::arange(1, n + 1, at::kFloat)));
    EXPECT_EQ(other.numel(), 100'003);
    EXPECT_TRUE(other.eq(0).all().template item<bool>());
    communicator.barrier();
  });
}

REGISTER_TYPED_TEST_SUITE_P(Conformance, AllReduceOfEveryKind, ReduceToEveryRoot, BroadcastFromEveryRoot,
                            GatherConcatenatesPiecesOfUnequalLength,
                            AllGatherConcatenatesPiecesOfUnequalLength, GatherOfLargePieces,
                            ResultsOfGathersAreCopies, AsynchronousAllReducesAmongOtherCollectives,
                            PartsOfItsOwnBuffersAreSummed, ReduceScatterSumsTheShares,
                            CommonMemoryIsTheSameOnEveryRank, WaitingTwiceIsAllowed, DroppedWorkIsStillDone,
                            SplitGroupsWorkSideBySide, SplitsOfSplitsAndRepeatedSplits,
                            WrongArgumentsAreRefusedBeforeAnythingIsSent,
                            PiecesOfUnequalRowsAreRefusedOnEveryRank, ParametersThatNeedGradientsAreCarried);

}  // namespace zoetrope::comm
