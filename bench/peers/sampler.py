# SPDX-License-Identifier: Apache-2.0
"""The order in which zoetrope trains on images (src/data/sampler.cpp), so that others can learn from the same batches."""

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        product = self.next() * bound
        threshold = (1 << 64) % bound
        while (product & MASK) < threshold:
            product = self.next() * bound
        return product >> 64


def epoch_order(seed, epoch, count):
    scrambled = SplitMix64(seed).next()
    random = SplitMix64(SplitMix64(scrambled ^ (epoch * 0xD1342543DE82EF95 & MASK)).next())
    order = list(range(count))
    for left in range(count, 1, -1):
        other = random.below(left)
        order[left - 1], order[other] = order[other], order[left - 1]
    return order
