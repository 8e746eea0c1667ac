# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that the page turns onto one another by the selected images alone. Usage: alignment_test.py REVIEW_SAMPLE [unittest's
options]; see browser.py"""
import unittest

from browser import BrowserTest  # first, since it skips where the peers are missing

import numpy as np
from selenium.webdriver.common.keys import Keys

FRAMES, IMAGES = 5, 300
CHOSEN = [3, 7, 8, 9, 40, 120, 201]
STATE = "#step=40&selected=3,7-9,40,120,201"


def turned(places, onto, chosen):
    """Kabsch's rotation, which has no mirror, in numpy."""
    middle, target = places[chosen].mean(axis=0), onto[chosen].mean(axis=0)
    u, _, vt = np.linalg.svd((places[chosen] - middle).T @ (onto[chosen] - target))
    rotation = u @ np.diag([1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return (places - middle) @ rotation + target


class Alignment:
    """At `size` in `theme`."""

    def open_at(self, state):
        self.show_at(*self.size, self.theme)
        self.open(f"images={IMAGES}", f"frames={FRAMES}", state=state)

    def shown(self):
        """The places of all images at each checkpoint, as the right view shows them."""
        return np.array(self.js("""
            const {view} = document.querySelector('#right .plot'), {dataset} = view, places = new Float32Array(2 * dataset.size);
            return Array.from({length: dataset.frames}, (_, t) => (dataset.placesAt(t, 0, places), Array.from(places)));""")).reshape(FRAMES, IMAGES, 2)

    def pixels(self, side):
        return np.array(self.places(side))

    def is_pressed(self):
        return self.find("#align").get_attribute("aria-pressed") == "true"

    def check_all_in_sight(self):
        for side in "left", "right":
            plot = self.find(f"#{side} .plot").rect
            x, y = (self.pixels(side) + self.js("return [scrollX, scrollY]")).T
            self.assertGreaterEqual(x.min(), plot["x"])
            self.assertLessEqual(x.max(), plot["x"] + plot["width"])
            self.assertGreaterEqual(y.min(), plot["y"])
            self.assertLessEqual(y.max(), plot["y"] + plot["height"])

    def test_all_checkpoints_turn_onto_the_sliders(self):
        self.open_at(STATE)
        before = self.shown()
        self.find("#align").click()
        self.wait(self.is_pressed)
        self.assertEqual(self.text("#align"), f"Aligned on {len(CHOSEN)}")
        after = self.shown()
        for t in range(FRAMES):
            np.testing.assert_allclose(after[t], turned(before[t], before[2], CHOSEN), atol=1e-4 * np.abs(before).max())
        np.testing.assert_allclose(after[2], before[2], atol=1e-4 * np.abs(before).max())
        apart = [np.square(frames[:, CHOSEN] - frames[2, CHOSEN]).sum() for frames in (before, after)]
        self.assertLess(apart[1], 0.9 * apart[0])
        self.check_all_in_sight()
        self.picture("on")

        self.find("#align").click()
        self.wait(lambda: not self.is_pressed())
        np.testing.assert_array_equal(self.shown(), before)

    def test_it_stays_while_other_images_are_looked_at(self):
        self.open_at(STATE)
        self.press("o")
        self.wait(self.is_pressed)
        aligned = self.shown()
        self.press(Keys.ESCAPE)
        self.wait(lambda: self.selected() is None)
        self.press(Keys.END)
        self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
        np.testing.assert_array_equal(self.shown(), aligned)
        # The address holds it, for a reload or another browser.
        self.wait(lambda: "aligned=40:3,7-9,40,120,201" in self.js("return location.hash") and "step=80" in self.js("return location.hash"))
        self.open_at(self.js("return location.hash"))
        np.testing.assert_array_equal(self.shown(), aligned)
        self.press("o")
        self.wait(lambda: not self.find("#align").is_displayed())
        self.assertNotEqual(self.shown().tolist(), aligned.tolist())

    # A move alone: nothing says how to turn.
    def test_one_image_stands_still(self):
        self.open_at("#step=0&selected=11")
        before = self.shown()
        self.press("o")
        self.wait(self.is_pressed)
        np.testing.assert_allclose(self.shown(), before - before[:, 11:12] + before[0, 11], atol=1e-4 * np.abs(before).max())

    def test_a_part_that_is_looked_at_closely_stays(self):
        self.open_at(STATE + "&pin=left&left=40")
        self.press("+")
        self.press("+")
        before = self.pixels("left")  # of the checkpoint that the others turn onto
        self.press("o")
        self.wait(self.is_pressed)
        np.testing.assert_allclose(self.pixels("left"), before, atol=0.05)
        self.press("0")
        self.wait(lambda: np.ptp(self.pixels("left")) < np.ptp(before))
        self.check_all_in_sight()


class OnADesk(Alignment, BrowserTest):
    size, theme = (1400, 900), "light"


class OnASmallScreen(Alignment, BrowserTest):
    size, theme = (900, 600), "dark"


class OnAPhone(Alignment, BrowserTest):
    size, theme = (390, 844), "light"


if __name__ == "__main__":
    unittest.main(verbosity=2)
