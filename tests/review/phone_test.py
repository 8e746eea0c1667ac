# SPDX-License-Identifier: Apache-2.0
"""The review page on a phone. Usage: phone_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import unittest

from browser import BrowserTest

WIDTH, HEIGHT = 390, 844
MOST_HEADER = 150  # pixels above the classes
MOST_STICKY = 100  # of which stay in sight while the page scrolls


class Phone(BrowserTest):
    def setUp(self):
        metrics = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 2, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def cut(self, selector):
        """The texts of elements that do not show all that they hold."""
        return self.js("""
            return Array.from(document.querySelectorAll(arguments[0])).filter((node) =>
              node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1).map((node) => node.textContent);""", selector)

    def box(self, selector):
        return self.js("const {left, top, right, bottom} = document.querySelector(arguments[0]).getBoundingClientRect();"
                       "return {left, top, right, bottom}", selector)

    def check_names(self):
        self.assertEqual(self.cut("#title, #summary, .chip, .chip-name"), [])
        self.assertEqual(self.js("return document.documentElement.scrollWidth"), WIDTH)
        for node in self.all("#title, .chip-name, .timeline > *, .bar > *"):
            if node.is_displayed():
                box = node.rect
                self.assertGreaterEqual(box["x"], 0)
                self.assertLessEqual(box["x"] + box["width"], WIDTH, node.text)

    def test_names_are_whole_beneath_a_low_header(self):
        self.open("images=300", "frames=5")
        self.check_names()
        self.assertEqual(self.cut("#legend"), [])  # all ten classes in sight
        self.assertLessEqual(self.box("#legend")["top"], MOST_HEADER)
        self.assertEqual(len(self.all(".timeline button")), 4)
        self.js("scrollTo(0, 600)")
        self.wait(lambda: self.box(".timeline")["top"] == 0)
        self.assertLessEqual(self.box(".timeline")["bottom"], MOST_STICKY)

    def test_long_names_take_the_room_that_they_need(self):
        self.open("images=300", "frames=5", "hostile=1")
        self.js("document.getElementById('title').textContent = 'a-run-with-a-name-that-is-' + 'long-'.repeat(20)")
        self.check_names()

    def test_the_header_works(self):
        self.open("images=300", "frames=5")
        moments = "window.moments = []; new MutationObserver(() => moments.push(moment.textContent)).observe(moment, {childList: true})"
        self.js(moments)
        self.find("#play").click()
        self.wait(lambda: self.js("return moments.at(-1)") == "step 80, epoch 3.00")
        self.assertEqual(self.js("return moments[0]"), "step 0, epoch 0.00")
        self.js("slider.value = 2; slider.dispatchEvent(new Event('input'))")
        self.find(".timeline > button:last-of-type").click()  # first | last
        self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
        self.assertEqual(self.find("#speed").get_attribute("aria-label"), "Checkpoints a second")


if __name__ == "__main__":
    unittest.main(verbosity=2)
