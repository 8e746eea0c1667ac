# SPDX-License-Identifier: Apache-2.0
"""What the review page shows. Usage: page_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import shutil
import subprocess
import unittest
from pathlib import Path

from browser import REVIEW_SAMPLE, BrowserTest  # first, since it skips where the peers are missing

import h5py
import numpy as np
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select


def numbers_of(text):
    """"3,7-9" as {3, 7, 8, 9}."""
    ends = [list(map(int, part.split("-"))) for part in text.split(",")]
    return {i for first, *last in ends for i in range(first, (last or [first])[0] + 1)}


class Page(BrowserTest):
    def test_it_asks_before_it_opens_very_many_images(self):
        path = Path(self.scratch.name) / "many.html"
        subprocess.run([REVIEW_SAMPLE, path, "images=60", "frames=2", "asks=60"], check=True)
        self.browser.get(path.as_uri())
        self.wait(lambda: self.all("#open-many"))
        self.assertIn("60 images", self.text("#summary"))
        self.assertIsNone(self.js("return document.body.dataset.ready || null"))
        self.picture("asks")
        self.press(Keys.ENTER)  # it has the focus
        self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
        self.assertIn("60 test images", self.text("#summary"))

    def test_shows_the_first_and_the_last_checkpoint(self):
        self.open("images=300", "frames=5")
        self.assertEqual(self.text("#summary"), "300 test images, 5 checkpoints")
        self.assertEqual(self.text("#moment"), "step 80, epoch 3.00")
        chosen = [Select(self.find(f"#{side} select")).first_selected_option.text for side in ("left", "right")]
        self.assertIn("step 0 ", chosen[0])
        self.assertIn("step 80 ", chosen[1])
        self.assertEqual([len(self.all(f"#{side} .strip .tile")) for side in ("left", "right")], [8, 8])
        self.assertEqual(self.text("#count"), "300 of 300")
        self.assertEqual(self.column("rankLast")[:3], ["1", "2", "3"])

    def test_shows_names_where_there_are_no_pictures_and_steps_where_there_are_no_epochs(self):
        self.open("images=60", "frames=4", "given=1")
        self.assertEqual(self.text("#summary"), "60 embeddings, 4 checkpoints")
        self.assertEqual(self.text("#moment"), "step 60")
        self.assertEqual(self.text("#things"), "Rows")
        self.assertEqual(self.all(".picture"), [])
        worst = [tile.text.split() for tile in self.all("#right .strip .tile")]
        self.assertEqual([rank for rank, _ in worst], [str(i + 1) for i in range(8)])
        self.assertTrue(all(name.endswith(".wav") for _, name in worst), worst)
        self.all("#right .strip .tile")[0].click()
        self.assertEqual(self.text("#selection .name"), "sounds/" + worst[0][1])
        self.assertEqual(self.text("#hover .name"), "sounds/" + worst[0][1])
        self.assertEqual(self.text(".curve-axis").split(), ["0", "step", "60"])
        titles = [title.text for title in self.all("#table .tabulator-col-title")]
        self.assertNotIn("image", titles)
        self.assertIn("name", titles)

    def test_what_got_into_it_as_html_does_not_run_and_reaches_nobody(self):
        self.open("images=20", "frames=2")
        self.js("""
            window.ran = [];
            const script = document.createElement('script');
            script.textContent = 'ran.push("inline script")';
            document.body.append(script);
            document.body.insertAdjacentHTML('beforeend',
              '<img src="data:," onerror="ran.push(\\'handler\\')"><a id="planted" href="javascript:ran.push(\\'link\\')">x</a>');
            document.querySelector('#planted').click();
            for (const tag of ['iframe', 'script', 'img']) {
              document.body.append(Object.assign(document.createElement(tag), {src: 'data:text/javascript,ran.push("' + tag + '")'}));
            }""")
        self.assertEqual(self.browser.execute_async_script(
            "const done = arguments[0]; fetch('https://example.org/').then(() => done('sent'), (error) => done(error.name))"), "TypeError")
        self.assertEqual(self.js("return ran"), [])
        refusals = [entry["message"] for entry in self.browser.get_log("browser") if "Content Security Policy" in entry["message"]]
        for directive in ("script-src", "frame-src", "connect-src"):
            self.assertTrue(any(directive in message for message in refusals), (directive, refusals))
        self.js("document.querySelectorAll('#planted, body > script:not([type])').forEach((node) => node.remove())")

    def test_plays_through_all_checkpoints_in_both_views(self):
        self.open("images=300", "frames=5", state="#step=80")
        self.js("""
            window.seen = {left: [], right: []};
            for (const side of ['left', 'right']) {
              new MutationObserver(() => seen[side].push(document.querySelector('#' + side + ' select').value))
                .observe(document.querySelector('#' + side + ' .facts'), {childList: true, characterData: true, subtree: true});
            }""")
        self.find("#play").click()
        self.wait(lambda: self.find("#play").get_attribute("aria-label") == "Play" and self.text("#moment") == "step 80, epoch 3.00")
        for side in ("left", "right"):
            self.assertEqual(self.js("return seen[arguments[0]]", side)[-4:], ["1", "2", "3", "4"])

    def curve(self, name):
        """Where a curve begins and ends, where the faint line at its end leads (None: there is none) and where the slider is, in
        shares of the width; and what stands beside its name."""
        return self.js("""
            const row = document.querySelector('.curve[data-curve="' + arguments[0] + '"]'), width = row.querySelector('svg').viewBox.baseVal.width;
            const ends = (path) => path && path.getAttribute('d').split(/[ML]/).filter(Boolean).map((pair) => parseFloat(pair) / width);
            const [line, held] = row.querySelectorAll('.spark-line');
            const slider = new DOMMatrix(getComputedStyle(row.querySelector('.spark-cursor')).transform).e / width;
            return [ends(line)[0], ends(line).at(-1), held ? ends(held).at(-1) : null, slider, row.querySelector('.curve-value').textContent];""", name)

    def test_curves_reach_the_last_checkpoint_also_where_nothing_was_logged_any_more(self):
        self.open("images=20", "frames=5", "unlogged=1")
        self.assertEqual(self.curve("training loss")[:4], [0.25, 0.75, 1, 1])
        self.assertEqual(self.curve("accuracy")[:4], [0, 1, None, 1])

    def test_of_a_long_log_the_curve_keeps_its_limits_and_what_it_says_at_each_checkpoint(self):
        self.open("images=20", "frames=4", "lines=300000")
        self.assertEqual(self.text('.curve[data-curve="training loss"] .curve-range'), "5 to 7")
        self.assertLess(len(self.js("return document.querySelector('.curve .spark-line').getAttribute('d')").split("L")), 1210)
        self.assertEqual(self.curve("training loss")[:2], [0, 1])
        self.press(Keys.HOME)
        for step, value in (0, "–"), (20, "6"), (40, "7"), (60, "5"):  # after the lines 0, 100,000, 200,000 and 300,000
            self.wait(lambda step=step: self.text("#moment").startswith(f"step {step},"))
            self.assertEqual(self.curve("training loss")[4], value)
            self.press(Keys.ARROW_RIGHT)

    def test_less_than_an_epoch_is_counted_in_steps(self):
        self.open("images=20", "frames=5", "epochs=0.096", "unlogged=2")
        self.assertEqual(self.curve("training loss")[:4], [0.25, 0.5, 1, 1])
        self.assertEqual(self.text(".curve-axis").split(), ["0", "step", "80"])
        ActionChains(self.browser).move_to_element(self.find(".curve .spark")).click().perform()
        self.wait(lambda: self.text("#moment") == "step 40, epoch 0.05")

    def test_three_curves_are_open_and_say_where_they_stand(self):
        self.open("images=300", "frames=5")
        names = [row.get_attribute("data-curve") for row in self.all(".curve")]
        self.assertEqual(names, ["training loss", "accuracy", "trustworthiness"])
        last = self.curve("accuracy")[4]
        self.press(Keys.HOME)
        self.wait(lambda: self.curve("accuracy")[3] == 0)
        self.assertNotEqual(self.curve("accuracy")[4], last)
        self.assertEqual(self.curve("training loss")[4], "–")  # nothing was logged before the first step
        self.find(".panel summary").send_keys(Keys.SPACE)
        self.wait(lambda: len(self.all(".curve")) > 5)
        self.assertEqual(self.find("#play").get_attribute("aria-label"), "Play")  # Space did not play
        ActionChains(self.browser).move_to_element(self.all(".curve .spark")[1]).perform()
        self.wait(lambda: self.curve("accuracy")[4] not in (last, "–"))

    def test_a_pinned_view_stays(self):
        self.open("images=300", "frames=5")
        shown = lambda: [Select(self.find(f"#{side} select")).first_selected_option.get_attribute("value") for side in ("left", "right")]  # noqa: E731
        pins = lambda: [self.find(f"#{side} .view-head button").get_attribute("aria-pressed") for side in ("left", "right")]  # noqa: E731
        self.assertEqual(pins(), ["true", "false"])  # from the start, so that the first checkpoint is there to compare with
        self.press(Keys.ARROW_LEFT)
        self.press(Keys.ARROW_LEFT)
        self.wait(lambda: self.text("#moment") == "step 40, epoch 1.50")
        self.assertEqual(shown(), ["0", "2"])
        self.find("#left .view-head button").click()
        self.press(Keys.ARROW_LEFT)
        self.wait(lambda: shown() == ["1", "1"])
        self.find("#right .view-head button").click()
        self.press(Keys.HOME)
        self.wait(lambda: shown() == ["0", "1"])

    def test_a_click_on_a_point_selects_it_everywhere(self):
        self.open("images=300", "frames=5")
        outlier = int(self.js("return document.querySelector('#right .strip .tile').ariaLabel").split()[-1])
        self.move_over_point(outlier).click().perform()
        self.wait(lambda: self.selected() == str(outlier))
        self.assertEqual(self.text("#selection h2"), "Selection (1)")
        self.assertTrue(self.find("#left .ring").is_displayed())
        self.assertEqual(self.find(".tabulator-row.chosen").get_attribute("aria-selected"), "true")
        self.press(Keys.ESCAPE)
        self.wait(lambda: self.selected() is None)
        self.assertEqual(self.all(".tabulator-row.chosen"), [])

    def test_a_lasso_selects_what_it_surrounds(self):
        self.open("images=300", "frames=5")
        self.draw_lasso([(-0.49, -0.49), (0.0, -0.49), (0.0, 0.49), (-0.49, 0.49)])
        self.wait(lambda: self.selected() is not None)
        box = self.find("#right .plot").rect
        places = [(x - box["x"]) / box["width"] for x, _ in self.places()]
        selected = numbers_of(self.selected())
        self.assertLessEqual({i for i, place in enumerate(places) if 0.05 < place < 0.45}, selected)
        self.assertEqual({i for i, place in enumerate(places) if place > 0.55} & selected, set())
        size = len(selected)
        self.assertGreater(size, 50)
        self.assertEqual(self.text("#selection h2"), f"Selection ({size})")
        self.wait(lambda: self.text("#count") == f"{size} of 300")  # its images are what the table shows
        self.assertTrue(self.find("#only-selection").is_selected())
        self.assertEqual(len(self.all("#selection .tiles .tile")), min(size, 40))
        self.press(Keys.ESCAPE)
        self.wait(lambda: self.text("#count") == "300 of 300")

    def test_hovering_shows_the_image_in_both_views(self):
        self.open("images=300", "frames=5")
        outlier = int(self.js("return document.querySelector('#right .strip .tile').ariaLabel").split()[-1])
        self.move_over_point(outlier)
        self.wait(lambda: self.find("#hover").is_displayed())
        self.assertIn(f"#{outlier}", self.text("#hover"))
        self.assertIn("blob:", self.find("#hover .picture").value_of_css_property("background-image"))
        self.assertTrue(self.find("#left .ring").is_displayed())
        self.assertTrue(self.find("#right .ring").is_displayed())

    def boxes(self, selector):
        return self.js("""
            return Array.from(document.querySelectorAll(arguments[0])).filter((node) => !node.hidden).map((node) => {
              const {left, top, right, bottom} = node.getBoundingClientRect();
              return [left, top, right, bottom];
            });""", selector)

    def leaders(self, side):
        """From where to where each line to a name leads, which is in sight."""
        return self.js("""
            return Array.from(document.querySelectorAll('#' + arguments[0] + ' .leader-line')).filter((line) => line.parentNode.style.display !== 'none')
              .map((line) => ['x1', 'y1', 'x2', 'y2'].map((name) => Number(line.getAttribute(name))));""", side)

    def test_class_names_and_ranks_do_not_cover_one_another(self):
        self.open("images=2000", "frames=5")
        self.assertEqual(self.boxes("#left .overlay .centroid"), [])  # all classes mixed: no name would be right
        self.assertEqual(self.leaders("left"), [])
        self.assertEqual(len(self.boxes("#right .overlay .centroid")), 10)
        self.check_that_nothing_is_covered()

    def test_classes_that_lie_on_one_another_have_names_beside_them(self):
        self.show_at(1440, 1300)
        self.open("images=2000", "frames=5", "alike=4")
        self.assertEqual(len(self.boxes("#right .overlay .centroid")), 10)
        self.check_that_nothing_is_covered()
        plot = self.boxes("#right .plot")[0]
        names = self.boxes("#right .overlay .centroid")
        lines = self.leaders("right")
        self.assertGreaterEqual(len(lines), 4)
        for _, _, x, y in lines:  # to a name's edge
            self.assertTrue(any(box[0] - 6 <= x + plot[0] <= box[2] + 6 and box[1] - 6 <= y + plot[1] <= box[3] + 6 for box in names))
        self.find("#legend .chip").click()  # three of the four are left
        self.wait(lambda: len(self.boxes("#right .overlay .centroid")) == 9)

    def check_that_nothing_is_covered(self):
        def covered(a, b):
            return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

        for side in ("left", "right"):
            names, ranks = self.boxes(f"#{side} .overlay .centroid"), self.boxes(f"#{side} .overlay .rank")
            self.assertEqual(len(ranks), 8)
            for i, a in enumerate(names):
                self.assertFalse(any(covered(a, b) for b in ranks + names[:i]), (side, a))
            for i, a in enumerate(ranks):
                for b in ranks[:i]:
                    self.assertGreater((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2, 17 ** 2)

    def test_names_are_shown_as_text(self):
        self.open("images=300", "frames=3", "hostile=1")
        self.assertIsNone(self.js("return window.hacked ?? null"))
        self.assertEqual(self.text("#title"), '<i>run</i> & "run"')
        chips = [chip.get_attribute("textContent") for chip in self.all(".chip-name")]
        self.assertEqual(chips[:5], ["<script>window.hacked = 1</script>", '</script><img src=x onerror="window.hacked = 2">',
                                     "\"quotes\" & 'apostrophes' \\ {{meta}}",
                                     '<b>bold</b> <a href="javascript:window.hacked=3">link</a>', "大きさ 漢字"])
        for tile in self.all("#right .strip .tile"):
            ActionChains(self.browser).move_to_element(tile).perform()
        self.find("#search").send_keys("<script>window")
        self.wait(lambda: self.text("#count") != "300 of 300")
        self.assertNotEqual(self.text("#count"), "0 of 300")
        self.assertEqual(self.js("return document.querySelectorAll('main img, .table-card img, main a, .table-card a').length"), 0)
        self.assertIsNone(self.js("return window.hacked ?? null"))

    def test_works_without_predictions_and_with_one_frame(self):
        self.open("images=7", "frames=1", "predictions=0")
        self.assertEqual(self.text("#count"), "7 of 7")
        self.assertEqual(self.all('[tabulator-field="predictionLast"]'), [])
        self.press(" ")
        self.wait(lambda: self.find("#play").get_attribute("aria-label") == "Play")

    def test_says_when_nothing_is_there_yet(self):
        path = Path(self.scratch.name) / "empty.html"
        subprocess.run([REVIEW_SAMPLE, path, "images=5", "frames=0"], check=True)
        self.browser.get(path.as_uri())
        self.wait(lambda: self.text("#summary") == "No checkpoint has been analysed yet.")

    def test_a_live_page_loads_itself_again_and_keeps_its_state(self):
        path = self.open("images=20", "frames=2", "refresh=2", state="#step=0&selected=4")
        subprocess.run([REVIEW_SAMPLE, path, "images=20", "frames=3", "refresh=2"], check=True)
        self.wait(lambda: self.text("#summary") == "20 test images, 3 checkpoints")
        self.wait(lambda: self.text("#selection h2") == "Selection (1)")
        self.assertEqual(self.text("#moment"), "step 0, epoch 0.00")
        self.wait(lambda: self.text("#live") == "live")

    def test_a_live_page_follows_to_the_newest_checkpoint_until_an_older_one_is_looked_at(self):
        path = self.open("images=20", "frames=3", "refresh=2")
        moment = {frames: f"step {20 * (frames - 1)}, epoch 3.00" for frames in (3, 4, 5)}
        chosen = lambda: [Select(self.find(f"#{side} select")).first_selected_option.get_attribute("value") for side in ("left", "right")]  # noqa: E731

        def written_anew(frames):
            self.wait(lambda: "pin=" in self.js("return location.hash"))  # the address was written, too
            subprocess.run([REVIEW_SAMPLE, path, "images=20", f"frames={frames}", "refresh=2"], check=True)
            self.wait(lambda: self.text("#summary") == f"20 test images, {frames} checkpoints")
            self.wait(lambda: self.js("return document.body.dataset.ready") == "true")

        written_anew(4)
        self.assertEqual(self.text("#moment"), moment[4])
        self.assertEqual(chosen(), ["0", "3"])
        self.find("#left .view-head button").click()  # not pinned: from the next step on it goes with the slider
        self.press(Keys.ARROW_LEFT)
        self.press(Keys.ARROW_RIGHT)
        self.wait(lambda: "pin=none" in self.js("return location.hash"))
        written_anew(5)
        self.assertEqual(self.text("#moment"), moment[5])
        self.assertEqual(chosen(), ["4", "4"])
        self.find("#left .view-head button").click()
        self.press(Keys.HOME)
        self.wait(lambda: "step=0" in self.js("return location.hash"))
        written_anew(6)
        self.assertEqual(self.text("#moment"), "step 0, epoch 0.00")

    def test_a_live_page_waits_for_one_that_takes_long_to_read(self):
        # In the hidden frame: the answer comes later than the next question would.
        script = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
            const page = window.parent;
            if (location.hash === '#probe') {
              Object.defineProperty(window, 'parent', {value: {postMessage: (...answer) => setTimeout(() => page.postMessage(...answer), 3500)}});
            }"""})
        try:
            path = self.open("images=20", "frames=2", "refresh=1")
            subprocess.run([REVIEW_SAMPLE, path, "images=20", "frames=3", "refresh=1"], check=True)
            self.wait(lambda: self.text("#summary") == "20 test images, 3 checkpoints")
        finally:
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)

    def test_ten_thousand_images_and_fifty_checkpoints(self):
        path = self.open("images=10000", "frames=50")
        self.assertLessEqual(path.stat().st_size, 12e6)
        self.assertEqual(self.text("#count"), "10,000 of 10,000")
        self.assertLess(len(self.all(".tabulator-row")), 100)  # only those in sight are elements
        self.js("const box = document.querySelector('.tabulator-tableholder'); box.scrollTop = box.scrollHeight")
        self.wait(lambda: "10000" in self.column("rankLast"))
        self.assertLess(len(self.all(".tabulator-row")), 100)
        titles = [option.text for option in self.all("#colour option")]
        self.assertIn("hardness at the last checkpoint", titles)
        same = "const {dataset} = document.querySelector('#right .plot').view; return [0, 7, 9999].every((i) => dataset.hardness(0, i) === dataset.hardness(49, i))"
        self.assertTrue(self.js(same))
        ready_ms = self.js("return performance.getEntriesByName('ready')[0].startTime")
        print(f"{path.stat().st_size / 1e6:.1f} MB, ready after {ready_ms:.0f} ms")

    def test_neighbours_of_all_checkpoints_are_those_of_the_analysis(self):
        for options in (["images=10000", "frames=50"], ["images=1500", "frames=23"], ["images=5", "frames=1"], ["images=2", "frames=2"]):
            self.check_neighbours(options, all_frames=True)

    def test_neighbours_that_nobody_foresees_are_kept_of_some_checkpoints(self):
        options = ["images=10000", "frames=50", "scattered=1", "channels=3"]
        kept = self.check_neighbours(options, all_frames=False)
        left_out = next(t for t in range(50) if t not in kept)
        nearest = min(kept, key=lambda t: abs(t - left_out))
        self.open(*options, state=f"#selected=7&step=980&left={20 * left_out}")
        note = "Of each image the page has room for the 5 nearest of 10. This page keeps the neighbours of "
        self.assertEqual(self.js("return document.querySelector('#neighbours p').textContent"),
                         f"{note}{len(kept)} of 50 checkpoints. Shown are those of step {20 * nearest} for step {20 * left_out}.")
        self.assertIn(f"lost: at step {20 * nearest} only", self.text("#neighbours .lost"))

    def check_neighbours(self, options, all_frames):
        """Compares those of each checkpoint that is kept with analysis.h5's; returns which ones are kept."""
        path = self.open(*options)
        self.assertLessEqual(path.stat().st_size, 12e6)
        run = Path(self.scratch.name) / "run"
        subprocess.run([REVIEW_SAMPLE, run, *options, "export=npz"], check=True)
        with h5py.File(run / "analysis.h5") as file:
            analysed = file["neighbour"][:]
        frames, images, number = analysed.shape
        kept = self.js("return document.querySelector('#left .plot').view.dataset.meta.neighbours.frames")
        self.assertEqual((kept[0], kept[-1]), (0, frames - 1))
        self.assertTrue(kept == list(range(frames)) if all_frames else 2 < len(kept) < frames, kept)
        shown = None
        for frame in sorted(kept, key=lambda t: t * 7919 % 50):  # in an order in which no reader would ask for them
            text = self.js("const {dataset} = document.querySelector('#left .plot').view; "
                           f"return Array.from({{length: {images}}}, (_, i) => dataset.neighbours({frame}, i).join()).join()")
            lists = np.array(text.split(","), int).reshape(images, -1)
            shown = lists.shape[1]
            np.testing.assert_array_equal(lists, analysed[frame, :, :shown], f"{options}, frame {frame}")
        self.assertGreaterEqual(shown, min(5, number))
        print(f"{options}: {len(kept)} of {frames} checkpoints, {shown} of {number} neighbours, {path.stat().st_size / 1e6:.2f} MB")
        shutil.rmtree(run)
        return kept

    def test_the_slider_moves_the_views_before_the_table_is_there(self):
        # Given to the page before its own scripts run: Tabulator waits until the slider was moved.
        script = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
            const append = Node.prototype.append ?? Element.prototype.append;
            let held = 0;
            Element.prototype.append = function (...nodes) {
              const late = nodes[0]?.tagName === 'SCRIPT' && held++ === 0;
              if (late) window.release = () => append.apply(this, nodes);
              else return append.apply(this, nodes);
            };"""})
        try:
            path = Path(self.scratch.name) / "held.html"
            subprocess.run([REVIEW_SAMPLE, path, "images=300", "frames=5"], check=True)
            self.browser.get("about:blank")
            self.browser.get(path.as_uri())
            self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
            self.wait(lambda: self.js("return 'release' in window"))  # Tabulator is held
            pixels = "return document.querySelector('#right .points').toDataURL()"
            before = self.js(pixels)
            self.js("slider.value = 2; slider.dispatchEvent(new Event('input'))")
            self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
            self.wait(lambda: self.js(pixels) != before)
            self.js("release()")
            self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
            self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
        finally:
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


if __name__ == "__main__":
    unittest.main(verbosity=2)
