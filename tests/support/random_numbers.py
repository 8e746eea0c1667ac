# SPDX-License-Identifier: Apache-2.0
"""zoetrope's random numbers (include/zoetrope/support/random.hpp), for who must draw the same."""

MASK = 2**64 - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        product = self.next() * bound
        while (product & MASK) < 2**64 % bound:
            product = self.next() * bound
        return product >> 64

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53


def mix_seed(seed, stream):
    return SplitMix64(SplitMix64(seed).next() ^ (stream * 0xD1342543DE82EF95 & MASK)).next()
