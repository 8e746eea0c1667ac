# SPDX-License-Identifier: Apache-2.0
"""Training images on the page. Usage: training_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import unittest

from browser import BrowserTest  # first, since it skips where the peers are missing

import numpy as np
from selenium.webdriver.common.action_chains import ActionChains

SAMPLE = ("images=300", "frames=4", "training=40")


class Training(BrowserTest):
    def mark(self, j, side="right"):
        """Where a training image's mark is, in pixels from the window's left top corner."""
        return self.js("""
            const {view} = document.querySelector('#' + arguments[1] + ' .plot'), box = view.plot.getBoundingClientRect();
            const {places} = view.training;
            return [box.left + view.plane.left(places[2 * arguments[0]]), box.top + view.plane.top(places[2 * arguments[0] + 1])];""", j, side)

    def painted(self, side="right"):
        """How many pixels the hollow marks cover."""
        return self.js("""
            const canvas = document.querySelector('#' + arguments[0] + ' canvas.training');
            const copy = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
            const pen = copy.getContext('2d', {willReadFrequently: true});
            pen.drawImage(canvas, 0, 0);
            const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let k = 3; k < data.length; k += 4) count += data[k] > 0;
            return count;""", side)

    def free_mark(self):
        """A training image that lies beside all test images' points."""
        return self.js("""
            const {view} = document.querySelector('#right .plot'), {places} = view.training, {plane, pixels} = view;
            for (let j = 0; j < places.length / 2; ++j) {
              const [x, y] = [plane.left(places[2 * j]), plane.top(places[2 * j + 1])];
              let nearest = Infinity;
              for (let i = 0; i < pixels.length; i += 2) nearest = Math.min(nearest, Math.hypot(pixels[i] - x, pixels[i + 1] - y));
              for (let k = 0; k < places.length; k += 2) {
                if (k !== 2 * j) nearest = Math.min(nearest, Math.hypot(plane.left(places[k]) - x, plane.top(places[k + 1]) - y));
              }
              if (nearest > 14) return j;
            }
            return -1;""")

    def point_at(self, place):
        actions = ActionChains(self.browser)
        actions.w3c_actions.pointer_action.move_to_location(*map(round, place))
        actions.perform()

    def test_marks_are_there_and_can_be_taken_away(self):
        self.open(*SAMPLE)
        self.assertIn("300 test images, 40 training images", self.text("#summary"))
        self.assertGreater(self.painted("left"), 40 * 30)
        self.assertGreater(self.painted(), 40 * 30)
        self.picture("shown")
        self.find("#training-chip").click()
        self.wait(lambda: self.painted() == 0)
        self.assertEqual(self.find("#training-chip").get_attribute("aria-pressed"), "false")
        self.wait(lambda: "training=off" in self.js("return location.hash"))
        self.browser.refresh()
        self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
        self.assertEqual(self.painted(), 0)
        self.find("#training-chip").click()
        self.wait(lambda: self.painted() > 0)

    def test_hidden_classes_take_their_marks_along(self):
        self.open(*SAMPLE)
        before = self.painted()
        self.all("#legend .chip")[0].click()
        self.wait(lambda: 0 < self.painted() < before)

    def shown(self, which, size):
        """Of test images, "placesAt", or of training images, "trainingPlacesAt": their places at each checkpoint, [4, size, 2]."""
        return np.array(self.js("""
            const {dataset} = document.querySelector('#right .plot').view, places = new Float32Array(2 * arguments[1]);
            return Array.from({length: dataset.frames}, (_, t) => (dataset[arguments[0]](t, 0, places), Array.from(places)));""", which, size)).reshape(4, size, 2)

    def test_marks_turn_with_the_points_that_are_aligned(self):
        self.open(*SAMPLE, state="#step=20&selected=3,7-9,40")
        points, marks = self.shown("placesAt", 300), self.shown("trainingPlacesAt", 40)
        self.find("#align").click()
        self.wait(lambda: self.find("#align").get_attribute("aria-pressed") == "true")
        turned_points, turned_marks = self.shown("placesAt", 300), self.shown("trainingPlacesAt", 40)
        for t in range(4):
            affine, *_ = np.linalg.lstsq(np.c_[points[t], np.ones(300)], turned_points[t], rcond=None)
            np.testing.assert_allclose(turned_marks[t], np.c_[marks[t], np.ones(40)] @ affine, atol=1e-4 * np.abs(points).max())
        self.assertGreater(np.abs(turned_marks - marks).max(), 0.01 * np.abs(points).max())

    def test_the_card_says_which_training_image_it_is(self):
        self.open(*SAMPLE)
        j = self.free_mark()
        self.assertGreaterEqual(j, 0)
        self.point_at(self.mark(j))
        self.wait(lambda: self.find("#hover").is_displayed())
        self.assertIn(f"training image #{100 + 2 * j}", self.text("#hover"))
        self.assertIn("predicted", self.text("#hover"))
        # Its picture is the one of test image j, which it is a copy of.
        place = "return [...document.querySelectorAll('#hover .picture')].map((picture) => picture.style.backgroundPosition)[0]"
        of_training = self.js(place)
        expected = self.js("""
            const {dataset} = document.querySelector('#right .plot').view;
            return dataset.picture(dataset.size + arguments[0], 140).style.backgroundPosition""", j)
        self.assertEqual(of_training, expected)
        self.picture("card")

    def test_leaks_are_found(self):
        self.open(*SAMPLE, state="#show=leaks")
        self.wait(lambda: self.mask().count(2) == 2)
        self.assertEqual([i for i, shown in enumerate(self.mask()) if shown == 2], [0, 1])
        self.move_over_point(0)
        self.wait(lambda: "training image #176" in self.text("#hover"))

    def test_without_them_the_page_knows_of_none(self):
        self.open("images=300", "frames=4")
        self.assertEqual(self.all("#training-chip"), [])
        self.assertNotIn("training", self.text("#summary"))
        self.assertEqual(self.js("return [...document.querySelectorAll('#show option')].map((option) => option.value)").count("leaks"), 0)

    def test_points_can_be_coloured_by_their_score_to_training(self):
        self.open(*SAMPLE, state="#colour=score-to-training")
        self.assertEqual(self.js("return document.getElementById('colour').value"), "score-to-training")


if __name__ == "__main__":
    unittest.main()
