# SPDX-License-Identifier: Apache-2.0
"""The page of Spotlight on an export. Usage: spotlight_page_test.py REVIEW_SAMPLE SPOTLIGHT [unittest's options]; see browser.py

SPOTLIGHT is the program of that name.
"""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from browser import PATIENCE_S, REVIEW_SAMPLE, WEBGL, start_browser  # first, since it skips where the peers are missing

import numpy as np
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from spotlight_server import spotlight

SPOTLIGHT = sys.argv.pop(1)
IMAGE = 7
PIXELS = """
    const image = Array.from(document.images).find((image) => image.naturalWidth === 28 && image.naturalHeight === 28);
    if (!image) return null;
    const canvas = Object.assign(document.createElement('canvas'), {width: 28, height: 28}), pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    return Array.from(pen.getImageData(0, 0, 28, 28).data);"""


class SpotlightPage(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        for name in ("spotlight", "npz"):
            subprocess.run([REVIEW_SAMPLE, self.folder, "images=101", "frames=3", f"export={name}"], check=True)
        self.browser = start_browser(WEBGL)
        self.addCleanup(self.browser.quit)
        self.browser.set_window_size(3600, 1000)  # all columns are in sight: others are no elements

    def wait_for(self, condition):
        def is_met(browser):
            text = browser.find_element(By.TAG_NAME, "body").text
            for failure in ("Failed to load", "Validation Error"):
                self.assertNotIn(failure, text)
            return condition(text)
        return WebDriverWait(self.browser, PATIENCE_S).until(is_met)

    def test_shows_the_table_and_its_images(self):
        with np.load(self.folder / "review.npz") as arrays:
            score, image = f"{arrays['ood_score'][-1][IMAGE]:.4f}", arrays["image"][IMAGE, :, :, 0]
        with spotlight(SPOTLIGHT, self.folder / "review.spotlight.h5") as address:
            self.browser.get(address)
            self.wait_for(lambda text: "101 rows" in text and score in text)
            [cell] = self.browser.find_elements(By.XPATH, f"//*[text()='{score}']")
            cell.click()  # the inspector shows the image of the row
            pixels = self.wait_for(lambda _: self.browser.execute_script(PIXELS))
            np.testing.assert_array_equal(np.array(pixels).reshape(28, 28, 4)[:, :, 0], image)


if __name__ == "__main__":
    unittest.main(verbosity=2)
