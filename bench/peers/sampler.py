# SPDX-License-Identifier: Apache-2.0
"""The order in which zoetrope trains on images (src/data/sampler.cpp), so that others can learn from the same batches."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/support"))

from random_numbers import SplitMix64, mix_seed  # noqa: E402


def epoch_order(seed, epoch, count):
    random = SplitMix64(mix_seed(seed, epoch))
    order = list(range(count))
    for left in range(count, 1, -1):
        other = random.below(left)
        order[left - 1], order[other] = order[other], order[left - 1]
    return order
