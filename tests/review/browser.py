# SPDX-License-Identifier: Apache-2.0
"""The review page in a headless Chromium, for the tests beside this file. Usage: X_test.py REVIEW_SAMPLE [unittest's options]

With ZOETROPE_SCREENSHOTS=FOLDER in the environment each test leaves a picture there to look at.
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    from selenium import webdriver
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait
chromium, driver, NO_CHROMIUM = require.chromium()
if not chromium or not driver:
    require.skip("chromium", NO_CHROMIUM)

REVIEW_SAMPLE = sys.argv.pop(1)
PATIENCE_S = 120  # a busy machine draws slowly


WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def start_browser(graphics):
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1200", *graphics):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.set_script_timeout(PATIENCE_S)
    browser.set_page_load_timeout(PATIENCE_S)
    return browser


class BrowserTest(unittest.TestCase):
    graphics = WEBGL

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.browser = start_browser(cls.graphics)
        # Nothing may come from a network: without one the page must work all the same.
        cls.browser.execute_cdp_cmd("Network.enable", {})
        cls.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*", "ws://*"]})

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.scratch.cleanup()

    def tearDown(self):
        if folder := os.environ.get("ZOETROPE_SCREENSHOTS"):
            self.browser.save_screenshot(str(Path(folder) / (self._testMethodName + ".png")))
        problems = [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        self.assertEqual(problems, [])

    def open(self, *options, state=""):
        path = Path(self.scratch.name) / ("-".join(options).replace("/", "_") + ".html")
        if not path.exists():
            subprocess.run([REVIEW_SAMPLE, path, *options], check=True)
        self.browser.get("about:blank")
        self.browser.get(path.as_uri() + state)
        self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
        return path

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def wait(self, condition):
        # A page that loads itself again takes the elements away that a condition has just found.
        WebDriverWait(self.browser, PATIENCE_S, 0.05, (StaleElementReferenceException,)).until(lambda _: condition())

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def press(self, key):
        ActionChains(self.browser).send_keys(key).perform()

    def hold_clock(self):
        """From now on, until the page is opened anew, what it animates goes on by its tick(ms) alone: a busy machine leaves frames out."""
        self.js("""
            let now = performance.now(), waiting = [];
            performance.now = () => now;
            window.requestAnimationFrame = (call) => waiting.push(call);
            window.tick = (ms) => {
              const due = waiting;
              [now, waiting] = [now + ms, []];
              due.forEach((call) => call(now));
            };""")

    def column(self, field):
        """The texts of a column's cells in sight, from the top."""
        return self.js("return Array.from(document.querySelectorAll(arguments[0]), (cell) => cell.innerText)",
                       f'.tabulator-row .tabulator-cell[tabulator-field="{field}"]')

    def selected(self):
        """What the address says is selected, once it says so."""
        return self.js("return new URLSearchParams(location.hash.slice(1)).get('selected')")

    def places(self, side="right"):
        """Where each image's point is, in pixels from the window's left top corner: N pairs."""
        return self.js("""
            const {view} = document.querySelector('#' + arguments[0] + ' .plot'), box = view.plot.getBoundingClientRect();
            return Array.from({length: view.dataset.size}, (_, i) => [box.left + view.pixels[2 * i], box.top + view.pixels[2 * i + 1]]);""", side)

    def move_over_point(self, index, side="right"):
        """Moves the pointer onto an image's point."""
        actions = ActionChains(self.browser)
        actions.w3c_actions.pointer_action.move_to_location(*map(round, self.places(side)[index]))
        actions.perform()
        return actions

    def draw_lasso(self, corners, side="right"):
        """Draws a lasso through the corners, in shares of the view from its middle: -0.5 to 0.5."""
        plot = self.find(f"#{side} .plot")
        box = plot.rect
        actions = ActionChains(self.browser, duration=20)
        for step, (x, y) in enumerate([*corners, corners[0]]):
            actions.move_to_element_with_offset(plot, round(x * box["width"]), round(y * box["height"]))
            if step == 0:
                actions.click_and_hold()
        actions.release().perform()

    def mask(self):
        """What the views show of each image: 0 nothing, 1 a shadow, 2 its point."""
        return self.js("return Array.from(document.querySelector('#left .plot').view.state.mask)")

    def show_at(self, width, height, theme="light"):
        """A window of that size in that theme, until the test is over."""
        mobile = width < 500
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})

    def picture(self, name):
        if folder := os.environ.get("ZOETROPE_SCREENSHOTS"):
            self.browser.save_screenshot(str(Path(folder) / f"{self._testMethodName}-{name}.png"))
