# SPDX-License-Identifier: Apache-2.0
"""Counts how files that are drawn end, in zoetrope and in transformers."""
import collections

ALONE = "zoetrope alone refuses"


class Tally:
    def __init__(self):
        self.outcomes, self.reasons, self.failed = collections.Counter(), collections.Counter(), 0

    def add(self, outcome, found, wrong, told):
        """`found`: what zoetrope made of a file, or said; `wrong`: what is wrong of that, if anything, which `told` is to tell more of."""
        self.outcomes[outcome] += 1
        if outcome == ALONE:
            self.reasons[found.split(": ", 1)[1][:70]] += 1
        if wrong:
            self.failed += 1
            print(told)

    def end(self, seed, count):
        for reason, times in self.reasons.most_common():
            print(f"{times:5d} refused by zoetrope alone: {reason}")
        print(f"seed {seed}: {dict(self.outcomes)}, {self.failed} wrong")
        readable = self.outcomes["both read"] + self.outcomes[ALONE]
        assert not self.failed
        assert self.outcomes["both read"] > count / 3, "too few are read"
        assert self.outcomes[ALONE] < 0.25 * readable, "too many are refused"
