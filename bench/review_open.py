#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon the review page of a large run can be used, in a headless Chromium that draws in software:

    .venv/bin/python bench/review_open.py build/tests/review/review_sample [--images 10000] [--frames 50]

Prints the page's size and, in ms since the page was asked for, when its points are first seen, when all of it is
ready (views, table, curves, keys), and when the slider, moved as soon as that, has moved both views and they are
painted; then how long it takes to colour both views by other fields, from the change until it is painted. The first
load, with a browser that has just started, counts apart from those in further new tabs. The targets are 0.5 s for the
points, 2 s for all, and 50 ms for colours.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

SWITCHES = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1200",
            "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in SWITCHES:
        options.add_argument(switch)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


# Moves the slider to the second checkpoint; answers with the time when both views are drawn anew and painted.
MOVE_SLIDER = """
const done = arguments[0], slider = document.getElementById('slider');
slider.value = 1;
slider.dispatchEvent(new Event('input'));
requestAnimationFrame(() => setTimeout(() => done(performance.now())));"""

# Colours both views by another field, `arguments[0]`; answers with the ms until that is drawn, and until it is painted.
RECOLOUR = """
const [key, done] = arguments, colour = document.getElementById('colour'), began = performance.now();
colour.value = key;
colour.dispatchEvent(new Event('change'));
Promise.resolve().then(() => {
  const drawn = performance.now() - began;
  requestAnimationFrame(() => setTimeout(() => done([drawn, performance.now() - began])));
});"""


def open_page(browser, path):
    """Milliseconds from the start of the navigation: {mark: ms}, and the wall clock that this program saw."""
    browser.switch_to.new_window("tab")
    began = time.perf_counter()
    browser.get(path.as_uri())
    WebDriverWait(browser, 60, poll_frequency=0.02).until(
        lambda b: b.execute_script("return document.body.dataset.ready") == "true")
    marks = {"wall clock": 1e3 * (time.perf_counter() - began)}
    marks["slider moved"] = browser.execute_async_script(MOVE_SLIDER)
    for key in ("score", "label", "score"):  # the last time the scale of the field is known
        drawn, painted = browser.execute_async_script(RECOLOUR, key)
        marks |= {f"recoloured by {key}: drawn": drawn, f"recoloured by {key}: painted": painted}
    marks |= browser.execute_script(
        "return Object.fromEntries(performance.getEntriesByType('mark').map((m) => [m.name, m.startTime]))")
    browser.close()
    browser.switch_to.window(browser.window_handles[0])
    return marks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("review_sample", type=Path)
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "review.html"
        sizes = [f"{name}={getattr(options, name)}" for name in ("images", "frames", "channels", "side")]
        subprocess.run([options.review_sample, page, *sizes], check=True)
        print(f"{options.images} images of {options.side}x{options.side}x{options.channels}, {options.frames} checkpoints: "
              f"{page.stat().st_size / 1e6:.1f} MB")
        browser = start_browser()
        try:
            first, *loads = [open_page(browser, page) for _ in range(options.repeat + 1)]
        finally:
            browser.quit()
    print("| | first load | least | median |\n| --- | ---: | ---: | ---: |")
    for mark in sorted(loads[0], key=loads[0].get):
        times = sorted(load[mark] for load in loads)
        print(f"| {mark} | {first[mark]:.0f} | {times[0]:.0f} | {times[len(times) // 2]:.0f} |")


if __name__ == "__main__":
    main()
