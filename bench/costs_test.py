# SPDX-License-Identifier: Apache-2.0
"""What bench/costs makes of measurements: the exponents of made-up ones, which are known."""
import sys
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
loader = SourceFileLoader("costs", str(Path(__file__).with_name("costs")))
costs = module_from_spec(spec_from_loader("costs", loader))
loader.exec_module(costs)


def measured(xs, seconds, memory=lambda x: 100.0):
    return {x: ({"outliers": seconds(x), "drawing": 0.3 + x / 1e4}, memory(x) * 2**20) for x in xs}


class Costs(unittest.TestCase):
    def test_exponents_are_those_that_were_put_in(self):
        xs = (1000, 2000, 4000, 8000)
        for p in (0.5, 1, 2, 3):
            self.assertAlmostEqual(costs.exponent([(x, 0.5 + (x / 1000) ** p) for x in xs])[0], p)

    def test_a_search_may_be_quadratic_in_images_and_nothing_else(self):
        xs = (1000, 2000, 4000, 8000)
        of = {row["stage"]: row for row in costs.fit("images", measured(xs, lambda x: 1e-6 * x**2, lambda x: x / 100))}
        self.assertAlmostEqual(of["outliers"]["exponent"], 2)
        self.assertAlmostEqual(of["drawing"]["exponent"], 1)
        self.assertAlmostEqual(of["peak memory"]["exponent"], 1)
        self.assertFalse(any(costs.too_steep(row) for row in of.values()))
        steep = [row for axis in ("images", "checkpoints") for row in costs.fit(axis, measured(xs, lambda x: 1e-9 * x**3 if axis == "images"
                                                                                               else 1e-6 * x**2))
                 if costs.too_steep(row)]
        self.assertEqual([(row["axis"], row["stage"]) for row in steep], [("images", "outliers"), ("checkpoints", "outliers")])
        self.assertIn("**too steep**", costs.table(steep))

    def test_noise_is_not_taken_for_growth(self):
        noisy = dict(zip((2000, 4000, 8000, 16000), (2.67, 2.9, 2.7, 4.4)))  # 3 fits best, a straight line almost as well
        rows = costs.fit("checkpoints", measured(noisy, noisy.get))
        self.assertGreater(rows[0]["exponent"], 1.5)
        self.assertFalse(costs.too_steep(rows[0]))

    def test_the_least_of_rounds_counts(self):
        self.assertEqual(costs.least([({"a": 2.0, "b": 1.0}, 10), ({"a": 1.0, "b": 3.0}, 12)]), ({"a": 1.0, "b": 1.0}, 10))

    def test_pixels_are_the_square_of_a_side(self):
        rows = costs.fit("pixels", measured((32, 64, 128), lambda x: x**2 / 1e4))
        self.assertEqual(rows[0]["x"], [1024, 4096, 16384])
        self.assertAlmostEqual(rows[0]["exponent"], 1)

    def test_what_hardly_grows_or_is_short_has_no_exponent(self):
        rows = costs.fit("classes", measured((10, 20, 40), lambda x: 1e-4 * x))
        self.assertIsNone(rows[0]["exponent"])  # 4 ms
        self.assertIsNone(rows[-1]["exponent"])  # memory, the same
        self.assertIn("it hardly grows", costs.table(rows))


if __name__ == "__main__":
    unittest.main()
