# SPDX-License-Identifier: Apache-2.0
"""Decision regions on the page. Usage: regions_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import base64
import unittest

from browser import BrowserTest  # first, since it skips where the peers are missing

import numpy as np

SAMPLE = ("images=400", "frames=4", "regions=1")
SIZES = ((1400, 900), (900, 600), (390, 844))


class Regions(BrowserTest):
    def drawn(self, side="right"):
        """The canvas's colours [height, width, 4], or None where it is hidden."""
        found = self.js("""
            const canvas = document.querySelector('#' + arguments[0] + ' canvas.regions');
            if (canvas.hidden) return null;
            const copy = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
            const pen = copy.getContext('2d', {willReadFrequently: true});
            pen.drawImage(canvas, 0, 0);
            const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
            return [canvas.height, canvas.width, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''))];""", side)
        if found is None:
            return None
        height, width, text = found
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def expected(self, frame, share=0.0, side="right"):
        """Which class numpy finds in the middle of each pixel, by the page's own numbers and where it shows the plane."""
        numbers, classes = self.js("""
            const {dataset} = document.querySelector('#right .plot').view;
            return [Array.from(new Float32Array(dataset.arrays.regions.buffer)), dataset.meta.classNames.length];""")
        regions = np.array(numbers).reshape(-1, classes, 3)
        logits = regions[frame] if share == 0 else (1 - share) * regions[frame] + share * regions[frame + 1]
        left, top, scale, width, height = self.js("""
            const {plane, regions} = document.querySelector('#' + arguments[0] + ' .plot').view;
            return [plane.left(0), plane.top(0), plane.scale, regions.canvas.width, regions.canvas.height];""", side)
        x = (np.arange(width) + 0.5 - left) / scale
        y = (top - np.arange(height) - 0.5) / scale
        return (logits[:, 0, None, None] * x[None, None, :] + logits[:, 1, None, None] * y[None, :, None] + logits[:, 2, None, None]).argmax(0)

    def assert_drawn(self, frame, share=0.0, side="right"):
        colours = self.js("return document.querySelector('#right .plot').view.dataset.meta.classColours.light")
        table = np.array([[int(colour[k:k + 2], 16) for k in (1, 3, 5)] + [255] for colour in colours], np.uint8)
        expected = self.expected(frame, share, side)
        np.testing.assert_array_equal(self.drawn(side), table[expected % 20])
        self.assertGreater(len(np.unique(expected)), 1)

    def turn_on(self):
        self.find("#regions-chip").click()
        self.wait(lambda: self.drawn() is not None)

    def test_they_are_off_at_first_and_the_chip_shows_them_in_both_views(self):
        self.open(*SAMPLE)
        self.assertEqual(self.find("#regions-chip").get_attribute("aria-pressed"), "false")
        self.assertIsNone(self.drawn())
        self.turn_on()
        self.assertEqual(self.find("#regions-chip").get_attribute("aria-pressed"), "true")
        self.assert_drawn(3)
        self.assert_drawn(0, side="left")
        self.assertEqual(self.text("#right .region-words"), "65 % of the images lie in their own region")
        self.assertEqual(self.text("#left .region-words"), "25 % of the images lie in their own region")
        self.find("#regions-chip").click()
        self.wait(lambda: self.drawn() is None)
        self.assertFalse(self.find("#right .region-words").is_displayed())

    def test_the_keyboard_shows_them_and_the_address_keeps_it(self):
        self.open(*SAMPLE)
        self.press("r")
        self.wait(lambda: self.drawn() is not None and "regions=on" in self.js("return location.hash"))
        self.open(*SAMPLE, state="#step=40&regions=on")
        self.assert_drawn(2)
        self.js("document.getElementById('regions-chip').focus()")
        self.press(" ")
        self.wait(lambda: self.drawn() is None)

    def test_they_follow_zoom_and_time_and_theme(self):
        self.open(*SAMPLE, state="#step=20&regions=on")
        self.js("const {plane} = document.querySelector('#right .plot').view; plane.zoomBy(3.7, {x: 100, y: 60});")
        self.assert_drawn(1)
        self.press("0")
        self.js("document.querySelector('#right .plot').view.state.set({between: 0.4});")
        self.wait(lambda: self.js("return document.querySelector('#right .plot').view.regions.drawn.startsWith('1 0.4 ')"))
        self.assert_drawn(1, 0.4)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})
        dark = self.js("return document.querySelector('#right .plot').view.dataset.meta.classColours.dark")
        wanted = {tuple(int(colour[k:k + 2], 16) for k in (1, 3, 5)) for colour in dark}
        self.wait(lambda: {tuple(colour[:3]) for colour in np.unique(self.drawn().reshape(-1, 4), axis=0).tolist()} <= wanted)

    def test_they_turn_with_points_that_are_aligned(self):
        self.open(*SAMPLE, state="#step=20&regions=on&selected=3,7-9,40")
        classes = """
            const {dataset, frame} = document.querySelector('#left .plot').view, places = new Float32Array(2 * dataset.size);
            dataset.placesAt(0, 0, places);
            const logits = dataset.regionsAt(0, 0);
            return Array.from({length: dataset.size}, (_, i) => Array.from({length: logits.length / 3},
              (_, c) => logits[3 * c] * places[2 * i] + logits[3 * c + 1] * places[2 * i + 1] + logits[3 * c + 2]));"""
        before = np.array(self.js(classes))
        self.find("#align").click()
        self.wait(lambda: self.find("#align").get_attribute("aria-pressed") == "true")
        np.testing.assert_allclose(np.array(self.js(classes)), before, atol=1e-3)

    def test_they_fit_every_window(self):
        for dark in (False, True):
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
            self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})
            for width, height in SIZES:
                self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
                self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
                self.open(*SAMPLE, state="#step=40&regions=on")
                for side in ("left", "right"):
                    box, words = self.js("""
                        const [plot, words] = ['.plot', '.region-words'].map((part) => document.querySelector('#' + arguments[0] + ' ' + part).getBoundingClientRect());
                        return [plot, words].map(({left, right, top, bottom}) => [left, right, top, bottom]);""", side)
                    self.assertGreater(words[1] - words[0], 60, (width, side))
                    self.assertTrue(box[0] <= words[0] and words[1] <= box[1] and box[2] <= words[2] and words[3] <= box[3], (width, side))
                    np.testing.assert_allclose(self.drawn(side).shape[:2], (box[3] - box[2], box[1] - box[0]), atol=1)
                self.assertEqual(self.js("return document.documentElement.scrollWidth > innerWidth"), False)
                self.picture(f"{width}x{height}-{'dark' if dark else 'light'}")

    def test_colouring_anew_does_not_draw_them_again(self):
        self.open(*SAMPLE, state="#step=40&regions=on")
        drawings = self.js("""
            const {view} = document.querySelector('#right .plot');
            const pen = view.regions.canvas.getContext('2d'), put = pen.putImageData.bind(pen);
            let count = 0;
            pen.putImageData = (...all) => (++count, put(...all));
            view.state.set({colour: 'score'});
            view.draw();
            view.plane.zoomBy(2);
            return count;""")
        self.assertEqual(drawings, 1)  # of the zoom

    def test_a_run_without_them_has_no_chip(self):
        self.open("images=400", "frames=4")
        self.assertEqual(self.all("#regions-chip"), [])
        self.press("r")
        self.assertIsNone(self.drawn())


if __name__ == "__main__":
    unittest.main()
