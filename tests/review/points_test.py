# SPDX-License-Identifier: Apache-2.0
"""The views' points as they are on the screen. Usage: points_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import io
import unittest

from browser import WEBGL, BrowserTest  # first, since it skips where the peers are missing

import numpy as np
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

REACH = 6  # pixels from its centre that a point can cover, at most
PAPER = (247, 247, 245)  # behind the points


class Points:
    def show(self, *options, state="", height=1200, width=1440):
        """Opens the page, and lays open what class names and numbers cover."""
        self.browser.set_window_size(width, height)
        self.open(*options, state=state)
        self.js("""
            const style = document.createElement('style');
            style.textContent = '.overlay { display: none }';
            document.head.append(style);""")
        classes = self.js("return Tabulator.findTable('#table')[0].getData().sort((a, b) => a.id - b.id).map((row) => row.label)")
        meta = self.js("return JSON.parse(document.getElementById('meta').textContent)")
        theme = "dark" if self.js("return matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        colours = [[int(colour[at:at + 2], 16) for at in (1, 3, 5)] for colour in meta["classColours"][theme]]
        return np.array([colours[meta["classNames"].index(name)] for name in classes])

    def places(self, side):
        """The pixel in which each point has its centre: [N, 2], x and y."""
        return np.floor(super().places(side)).astype(int)

    def pixels(self, places):
        screen = np.asarray(Image.open(io.BytesIO(self.browser.get_screenshot_as_png())).convert("RGB")).astype(int)
        return screen[places[:, 1], places[:, 0]]

    def in_sight(self, side, places):
        """Which are in the window, in the view and not beneath the timeline."""
        left, top, right, bottom = self.js("""
            const plot = document.querySelector('#' + arguments[0] + ' .plot').getBoundingClientRect();
            const timeline = document.querySelector('.timeline').getBoundingClientRect();
            return [plot.left, Math.max(plot.top, timeline.bottom), plot.right, Math.min(plot.bottom, document.documentElement.clientHeight)];""", side)
        return ((places >= (left + 1, top + 1)) & (places < (right - 1, bottom - 1))).all(axis=1)

    def is_painted(self, places):
        return np.abs(self.pixels(places) - PAPER).max(axis=1) > 25

    def test_the_order_of_the_data_decides_which_point_lies_above(self):
        # As in the animation: src/render/scatter.cpp, Order::kByIndex.
        colours = self.show("images=2000", "frames=2", height=1600)
        places = self.places("left")
        distances = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
        later = np.arange(len(places))[None] > np.arange(len(places))[:, None]
        is_above = ~(later & (distances < REACH)).any(axis=1)
        other = (colours[:, None] != colours[None]).any(axis=2)
        covers_others = (~later & other & (distances < REACH / 2)).any(axis=1)
        tested = is_above & covers_others
        self.assertGreater(tested.sum(), 100)
        # A point is opaque enough to leave a quarter of what is below at most.
        rest = self.pixels(places[tested]) - 0.75 * colours[tested]
        is_right = ((rest > -8) & (rest < 0.25 * 255 + 8)).all(axis=1)
        print(f"{is_right.sum()} of {len(is_right)} are above")
        self.assertGreater(is_right.mean(), 0.98)

    def test_the_points_stay_while_the_page_scrolls(self):
        self.show("images=700", "frames=5", height=800, width=1100)
        for down in (0, 40, 80, 120, 160, 100, 20):
            self.js("scrollTo(0, arguments[0])", down)
            self.assertEqual(self.js("return scrollY"), down)
            self.js("return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)))")
            for side in ("left", "right"):
                places = self.places(side)
                places = places[self.in_sight(side, places)]
                self.assertGreater(len(places), 50)
                self.assertEqual((~self.is_painted(places)).sum(), 0, f"of {len(places)} at {down}, {side}")

    def test_a_selection_stands_out(self):
        selected = [3, 40, 41, 42, 190]
        colours = self.show("images=300", "frames=5", state="#step=80&selected=3,40-42,190")
        for side in ("left", "right"):
            pixels = self.pixels(self.places(side))
            np.testing.assert_allclose(pixels[selected], colours[selected], atol=10)
            self.assertLess(np.median(np.abs(np.delete(pixels - PAPER, selected, axis=0)).max(axis=1)), 80)
        self.press(Keys.ESCAPE)
        self.wait(lambda: self.selected() is None)
        self.assertTrue(self.is_painted(self.places("left")).all())

    def test_the_points_move_with_the_plane(self):
        self.show("images=300", "frames=5", height=1600)
        self.press("m")
        before = {side: self.places(side) for side in ("left", "right")}
        mouse = ActionChains(self.browser).move_to_element(self.find("#left .plot")).click_and_hold()
        mouse.move_by_offset(30, 20).move_by_offset(30, 20).perform()
        self.check_moved("left", before["left"] + (60, 40))
        ActionChains(self.browser).release().move_to_element(self.find("#title")).perform()
        for side in ("left", "right"):
            self.wait(lambda side=side: np.abs(self.places(side) - before[side] - (60, 40)).max() <= 1)
            self.check_moved(side, before[side] + (60, 40))

    def test_the_points_follow_the_window(self):
        self.show("images=300", "frames=5", height=1600)
        before = self.places("right")
        self.browser.set_window_size(1200, 1600)
        self.wait(lambda: np.abs(self.places("right") - before).max() > 50)
        for side in ("left", "right"):
            self.wait(lambda side=side: self.is_painted(self.places(side)).mean() > 0.98)

    def set_theme(self, theme):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})

    def test_points_and_marks_have_the_colours_of_the_theme(self):
        # Which are the animation's: page_file_test.cpp.
        self.addCleanup(self.set_theme, "")
        colours = {}
        for theme in ("light", "dark"):
            self.set_theme(theme)
            colours[theme] = self.show("images=60", "frames=2", state="#selected=0-59")
            self.check_colours(colours[theme])
        self.set_theme("light")  # while the page is open
        self.wait(lambda: self.mark_colour(0) == list(colours["light"][0]))
        self.check_colours(colours["light"])

    def mark_colour(self, c):
        fill = self.js("return getComputedStyle(document.querySelectorAll('#legend .mark path')[arguments[0]]).fill", c)
        return [int(part) for part in fill.removeprefix("rgb(").removesuffix(")").split(",")]

    def check_colours(self, colours):
        pixels = self.pixels(self.places("right"))
        self.assertGreater((np.abs(pixels - colours).max(axis=1) < 12).mean(), 0.9)
        label = self.js("return Tabulator.findTable('#table')[0].getData().sort((a, b) => a.id - b.id).map((row) => row.label)")
        names = self.js("return Array.from(document.querySelectorAll('.chip-name'), (node) => node.textContent)")
        for c, name in enumerate(names):
            self.assertEqual(self.mark_colour(c), list(colours[label.index(name)]))

    def check_moved(self, side, places):
        places = places[self.in_sight(side, places)]
        self.assertGreater(len(places), 100)
        self.wait(lambda: self.is_painted(places).mean() > 0.98)  # a thin mark may be a pixel beside

class PointsWithGpuCompositing(Points, BrowserTest):
    graphics = WEBGL


class PointsWithoutGpu(Points, BrowserTest):
    graphics = ()  # Chromium draws WebGL, and puts the page together, in software


class PointsWithoutWebGl(Points, BrowserTest):
    graphics = ("--disable-gpu", "--disable-3d-apis")


if __name__ == "__main__":
    unittest.main(verbosity=2)
