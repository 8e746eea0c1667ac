# SPDX-License-Identifier: Apache-2.0
"""How the review page finds images: colours, ranges, search, confusion, neighbours, groups, what it saves. At three sizes and in both
themes. Usage: finding_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import csv
import unittest
from collections import Counter
from itertools import combinations
from pathlib import Path

from browser import BrowserTest  # first, since it skips where the peers are missing

import numpy as np
from matplotlib import colormaps
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

VIRIDIS = colormaps["viridis"](np.arange(256), bytes=True)[:, :3].astype(int)
VIEW = "const view = document.querySelector('#right .plot').view, {dataset, state, colouring} = view; "
HOSTILE = '</script><img src=x onerror="window.hacked = 4">, "quoted"'


class Finding:
    """At `size` in `theme`."""

    def open_sample(self, *options, state=""):
        self.show_at(*self.size, self.theme)
        self.open(*(options or ("images=300", "frames=5")), state=state)

    def numbers(self, script):
        return np.array(self.js(VIEW + script), dtype=float)

    def labels(self):
        return self.numbers("return Array.from(dataset.arrays.label)").astype(int)

    def predictions(self, frame):
        return self.numbers(f"return Array.from({{length: dataset.size}}, (_, i) => dataset.prediction({frame}, i))").astype(int)

    def choose(self, select, value):
        Select(self.find(select)).select_by_value(value)
        self.js("document.activeElement.blur()")  # keys would be the select's

    def value_of_field(self):
        """What the field that colours the points says of each image at the right view's checkpoint; NaN: nothing."""
        return self.numbers("const field = colouring.fieldNow(); return Array.from({length: dataset.size}, (_, i) => field.value(view.frame, i))")

    def colours(self):
        return self.numbers("return Array.from(view.colours)").astype(int).reshape(-1, 3)

    def scroll_to(self, selector):
        self.js("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)

    def check_shown(self, expected):
        """In the views and in the table."""
        expected = np.asarray(expected, dtype=bool)
        self.wait(lambda: (np.array(self.mask()) == np.where(expected, 2, 1)).all())
        self.wait(lambda: self.text("#count") == f"{expected.sum()} of {len(expected)}")

    def test_any_field_colours_the_points(self):
        self.open_sample()
        keys = [option.get_attribute("value") for option in self.all("#colour option")]
        self.assertEqual(keys, ["label", "prediction", "right", "confidence", "belief", "margin", "weighted-entropy", "hardness", "mistakenness", "forgotten",
                                "learnt", "issue", "score", "moved", "doubt", "trust", "continuity"])
        for key in keys:
            self.choose("#colour", key)
            self.wait(lambda key=key: self.js(VIEW + "return state.colour") == key)
            if self.js(VIEW + "return colouring.fieldNow().kind") == "number":
                self.check_ramp(key)
                self.assertEqual(len(self.all("#scale .ends span")), 3)
        self.wait(lambda: "colour=continuity" in self.js("return location.hash"))
        self.choose("#colour", "right")
        wrong = self.predictions(4) != self.labels()
        self.wait(lambda: len(np.unique(self.colours(), axis=0)) == 2)
        self.assertEqual(len(np.unique(self.colours()[wrong], axis=0)), 1)
        self.picture("right")
        self.choose("#colour", "score")
        self.picture("score")

    def check_ramp(self, key):
        """The colours are matplotlib's; values beyond 2 and 98 percent have those of the ends."""
        values = self.value_of_field()
        low, high = self.numbers("const {low, high} = colouring.scaleOf(colouring.fieldNow()); return [low, high]")
        share = np.clip((values - low) / (high - low), 0, 1)
        low_stands_out = self.js(VIEW + "return Boolean(colouring.fieldNow().lowStandsOut)")
        if low_stands_out == (self.theme == "dark"):  # what stands out is dark on light paper, and light on dark
            share = 1 - share
        known = ~np.isnan(values)
        steps = np.floor(255 * share[known] + 0.5).astype(int)
        np.testing.assert_array_equal(self.colours()[known], VIRIDIS[steps], key)
        self.assertEqual(len(np.unique(self.colours()[~known], axis=0)), 0 if known.all() else 1)

    def test_label_quality_is_that_of_the_analysis(self):
        self.open_sample(state="#colour=mistakenness&step=40")
        confidence = self.numbers("return Array.from({length: dataset.size}, (_, i) => dataset.confidence(2, i))")
        right = self.predictions(2) == self.labels()
        np.testing.assert_allclose(self.value_of_field(), (1 + np.where(right, -1, 1) * confidence) / 2, atol=1e-12)
        belief = self.numbers("return Array.from({length: dataset.size}, (_, i) => dataset.belief(2, i))")
        self.choose("#colour", "margin")
        margin = self.value_of_field()  # as the sample has it: 1 - belief is the strongest other's
        np.testing.assert_allclose(margin[~right], ((1 + belief - confidence) / 2)[~right], atol=2e-3)
        self.assertTrue((margin[right] > 0.5).all())
        self.choose("#colour", "hardness")
        hardness = self.value_of_field()
        self.assertTrue((0 <= hardness).all() and (hardness <= np.log(10)).all() and hardness.max() > 0.5)
        self.picture("label-quality")

    def test_a_range_of_a_field_is_typed_or_drawn(self):
        self.open_sample(state="#colour=confidence&step=40")
        values = self.value_of_field()
        middle = float(np.median(values))
        low, high = self.all("#scale .end")
        low.send_keys(f"{middle:.4f}", Keys.ENTER)
        self.check_shown(values >= round(middle, 4))
        self.wait(lambda: f"range=confidence:{round(middle, 4)}:" in self.js("return location.hash"))
        self.assertTrue(self.text(".range-chip").startswith("confidence "))
        self.picture("typed")
        self.find(".range-chip").click()
        self.check_shown(np.ones(len(values)))
        self.scroll_to(".histogram")
        width = self.find(".histogram").rect["width"]
        mouse = ActionChains(self.browser).move_to_element_with_offset(self.find(".histogram"), round(-0.25 * width), 0).click_and_hold()
        mouse.move_by_offset(round(0.5 * width), 0).release().perform()
        self.wait(lambda: self.js(VIEW + "return state.range !== null"))
        start, end = self.numbers("return [state.range.low, state.range.high]")
        self.assertLess(start, end)
        self.check_shown((values >= start) & (values <= end))
        self.press(Keys.ARROW_RIGHT)  # the range is of the slider's checkpoint
        self.wait(lambda: self.text("#moment") == "step 60, epoch 2.25")
        values = self.numbers("return Array.from({length: dataset.size}, (_, i) => dataset.confidence(3, i))")
        self.check_shown((values >= start) & (values <= end))

    def test_wrong_predictions_alone(self):
        self.open_sample(state="#step=40")
        labels = self.labels()
        for choice, wanted in (("wrong", self.predictions(2) != labels), ("right", self.predictions(2) == labels)):
            self.choose("#show", choice)
            self.check_shown(wanted)
        self.choose("#show", "issues")
        self.check_shown(self.numbers("return Array.from(dataset.arrays.labelIssue)") == 1)
        self.choose("#show", "wrong")
        self.press(Keys.END)
        self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
        self.check_shown(self.predictions(4) != labels)
        self.picture("wrong")

    def test_the_search_reaches_the_views(self):
        self.open_sample()
        self.find("#search").send_keys("sandal")
        sandal = self.js(VIEW + "return dataset.meta.classNames.indexOf('Sandal')")
        self.check_shown((self.labels() == sandal) | (self.predictions(4) == sandal))
        self.find("#search").clear()
        self.find("#search").send_keys(" ")
        self.check_shown(np.ones(300))

    def test_a_cell_of_the_confusion_matrix_selects_its_images(self):
        self.open_sample()
        self.find("#tab-classes").click()
        labels, guesses = self.labels(), self.predictions(4)
        counts = np.zeros((10, 10), int)
        np.add.at(counts, (labels, guesses), 1)
        shown = [[int(cell.text or 0) for cell in row.find_elements("css selector", ".cell")] for row in self.all(".matrix tbody tr")]
        np.testing.assert_array_equal(shown, counts)
        self.picture("matrix")
        label, guess = map(int, np.argwhere((counts > 0) & ~np.eye(10, dtype=bool))[0])
        self.find(f'.cell[data-label="{label}"][data-prediction="{guess}"]').click()
        wanted = np.flatnonzero((labels == label) & (guesses == guess))
        self.wait(lambda: self.chosen() == set(wanted))
        self.wait(lambda: self.text("#count") == f"{len(wanted)} of 300")
        self.press(Keys.ARROW_DOWN if label < 9 else Keys.ARROW_UP)
        self.press(Keys.ENTER)
        below = label + (1 if label < 9 else -1)
        self.wait(lambda: self.chosen() == set(np.flatnonzero((labels == below) & (guesses == guess))))
        self.press(Keys.HOME)
        self.wait(lambda: self.text(".panel:not([hidden]) h3").endswith("step 0, epoch 0.00"))

    def chosen(self):
        return set(self.js(VIEW + "return [...state.selected]"))

    def test_the_accuracy_of_each_class(self):
        self.open_sample(state="#tab=classes")
        labels, right = self.labels(), self.predictions(4) == self.labels()
        accuracy = {c: right[labels == c].mean() for c in range(10)}
        rows = self.all(".class-row")
        order = [int(row.get_attribute("data-class")) for row in rows]
        self.assertEqual(order, sorted(order, key=lambda c: (accuracy[c], c)))
        for c, row in zip(order, rows):
            self.assertEqual(row.find_element("css selector", ".curve-value").text, f"{100 * accuracy[c]:.1f} %")
        rows[0].find_element("css selector", "button").click()  # this class alone
        self.wait(lambda: self.text("#count") == f"{(labels == order[0]).sum()} of 300")

    def test_neighbours_before_and_after(self):
        self.open_sample(state="#selected=7")
        before, after = (self.js(VIEW + f"return dataset.neighbours({t}, 7)") for t in (0, 4))
        kinds = {"both": [j for j in after if j in before], "lost": [j for j in before if j not in after], "gained": [j for j in after if j not in before]}
        self.assertTrue(kinds["lost"] and kinds["gained"])
        self.check_neighbours(kinds)
        self.assertTrue(self.drawn_lines("left"))
        self.scroll_to("#neighbours")
        self.picture("neighbours")
        self.choose("#left select", "4")  # one checkpoint in both
        self.check_neighbours({"both": after})
        self.find("#neighbours .tile").click()
        self.wait(lambda: self.text("#selection .subject strong") == f"#{after[0]}")
        self.press(Keys.ESCAPE)
        self.wait(lambda: not self.drawn_lines("left"))

    def test_rows_out_of_sight_are_no_elements(self):
        self.open_sample("images=2000", "frames=2")
        self.assertLess(len(self.all(".tabulator-row")), 100)
        self.js("const box = document.querySelector('.tabulator-tableholder'); box.scrollTop = box.scrollHeight")
        self.wait(lambda: "2000" in self.column("rankLast"))
        self.assertLess(len(self.all(".tabulator-row")), 100)
        self.scroll_to("#table")
        self.picture("table")

    def check_neighbours(self, kinds):
        shown = lambda kind: [int(tile.get_attribute("aria-label").split()[1].rstrip(",")) for tile in self.all(f"#neighbours .{kind} .tile")]  # noqa: E731
        self.wait(lambda: {kind: shown(kind) for kind in kinds} == kinds)
        self.assertEqual(len(self.all("#neighbours .tile")), sum(map(len, kinds.values())))

    def drawn_lines(self, side):
        return self.js("""
            const canvas = document.querySelector('#' + arguments[0] + ' .lines');
            const blank = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
            return canvas.toDataURL() !== blank.toDataURL()""", side)

    def test_trails_lead_through_all_checkpoints(self):
        self.open_sample(state="#selected=3-9,20")
        self.assertFalse(self.drawn_lines("right"))
        self.press("t")
        self.wait(lambda: self.find("#trails").get_attribute("aria-pressed") == "true" and self.drawn_lines("right"))
        self.picture("trails")
        ways = self.numbers("return dataset.wayOf(5, 4)")
        places = self.numbers("return Array.from({length: dataset.frames}, (_, t) => [dataset.x(t, 5), dataset.y(t, 5)])")
        np.testing.assert_allclose(ways[::4], places, atol=1e-9)
        self.assertTrue(((ways >= places.min(axis=0) - 1e-9) & (ways <= places.max(axis=0) + 1e-9)).all())  # they do not swing beyond
        self.press("t")
        self.wait(lambda: not self.drawn_lines("right"))

    def saved(self, button, name):
        """The rows of a file that the page saves."""
        folder = Path(self.scratch.name) / "saved"
        (folder / name).unlink(missing_ok=True)
        self.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
        self.find(button).click()
        self.wait((folder / name).exists)
        with open(folder / name, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def test_the_selection_is_saved_with_its_scores(self):
        self.open_sample("images=300", "frames=5", "hostile=1", state="#selected=3,40-42,190")
        head, *rows = self.saved("#save-selection", "selection.csv")
        self.assertEqual(head[:4], ["index", "name", "label", "prediction"])
        self.assertLessEqual({"confidence", "belief", "margin", "weighted-entropy", "hardness", "mistakenness", "score", "trust", "issue", "forgotten"}, set(head))
        self.assertEqual({int(row[0]) for row in rows}, {3, 40, 41, 42, 190})
        meta = self.js("return JSON.parse(document.getElementById('meta').textContent)")
        for row in rows:
            i = int(row[0])
            self.assertEqual(row[1], meta["names"][i])
            self.assertEqual(row[2], meta["classNames"][self.labels()[i]])
            self.assertAlmostEqual(float(row[head.index("score")]), self.js(VIEW + "return dataset.score(4, arguments[0])", i), places=4)
        self.assertEqual([float(row[head.index("score")]) for row in rows], sorted(float(row[head.index("score")]) for row in rows))

    def test_wrong_labels_are_marked_and_saved(self):
        self.open_sample(state="#selected=3,5,17")
        labels = self.labels()
        to = next(c for c in range(10) if c not in labels[[3, 5, 17]])
        self.choose(".relabel select", str(to))
        self.find("#mark").click()
        head, *rows = self.saved("#save-relabel", "relabel.csv")
        names = self.js(VIEW + "return dataset.meta.classNames")
        self.assertEqual(head, ["index", "name", "label", "new_label"])
        self.assertEqual(rows, [[str(i), "", names[labels[i]], names[to]] for i in (3, 5, 17)])
        self.assertEqual(len(self.all("#selection .tile.marked")), 3)
        self.wait(lambda: f"relabel=3:{to},5:{to},17:{to}" in self.js("return location.hash"))
        self.browser.refresh()  # the address keeps them
        self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
        self.choose("#show", "relabel")
        self.check_shown(np.isin(np.arange(300), [3, 5, 17]))
        self.picture("marked")
        self.choose(".relabel select", "predicted")
        self.find("#mark").click()
        guesses = self.predictions(4)
        wanted = sorted([i, guesses[i]] for i in (3, 5, 17) if guesses[i] != labels[i])
        self.wait(lambda: sorted(self.js(VIEW + "return [...state.relabel]")) == wanted)

    def test_own_columns_colour_filter_and_sort(self):
        table = Path(self.scratch.name) / "own.csv"
        quoted = HOSTILE.replace('"', '""')
        table.write_text(f'index,price,"{quoted}"\n' + "".join(f'{i},{i * 0.5},"{quoted if i % 3 else "plain"}"\n' for i in range(0, 300, 2)))
        self.open_sample("images=300", "frames=5", f"columns={table}")
        prices = np.where(np.arange(300) % 2 == 0, np.arange(300) * 0.5, np.nan)
        self.choose("#colour", "own0")
        self.wait(lambda: self.js(VIEW + "return state.colour") == "own0")
        np.testing.assert_array_equal(self.value_of_field(), prices)
        self.check_ramp("price")
        self.all("#scale .end")[0].send_keys("100", Keys.ENTER)
        self.check_shown(prices >= 100)
        self.find('.tabulator-col[tabulator-field="own0"]').send_keys(Keys.ENTER)
        self.wait(lambda: self.column("own0")[0] == "100")
        self.choose("#colour", "own1")
        self.wait(lambda: len(np.unique(self.colours()[1::2], axis=0)) == 1)
        self.assertEqual(len(np.unique(self.colours(), axis=0)), 3)
        keys = [key.get_attribute("textContent") for key in self.all("#scale .key")]
        self.assertEqual(keys, ["plain", HOSTILE, "no value"])
        header = self.find('.tabulator-col[tabulator-field="own1"] .tabulator-col-title')
        self.assertEqual(header.get_attribute("textContent"), HOSTILE)
        self.assertIsNone(self.js("return window.hacked ?? null"))
        self.picture("own")

    def test_words_are_explained_where_they_stand(self):
        self.open_sample(state="#colour=score")
        self.find("#scale .what").send_keys(Keys.ENTER)
        self.wait(lambda: self.find("#meaning").is_displayed())
        self.assertIn("0 is most atypical", self.text("#meaning"))
        box = self.find("#meaning").rect
        self.assertGreaterEqual(box["x"], 0)
        self.assertLessEqual(box["x"] + box["width"], self.size[0])
        self.picture("word")
        self.press(Keys.ESCAPE)
        self.wait(lambda: not self.find("#meaning").is_displayed())
        self.choose("#colour", "issue")
        self.assertIn("believes least", self.find("#scale .what").get_attribute("title"))
        self.choose("#colour", "forgotten")
        self.assertIn("turned wrong", self.find("#scale .what").get_attribute("title"))

    def test_doubt_tells_false_neighbours_from_missing_ones(self):
        self.open_sample(state="#colour=doubt")
        trust, continuity = (self.numbers(f"return Array.from({{length: dataset.size}}, (_, i) => dataset.{of}(4, i))") for of in ("trust", "continuity"))
        colours = self.colours()
        # Where both are low a colour says so, too: of those with one of them high.
        false_ones, missing = (np.argmin(np.where(other > 0.95, one, 2)) for one, other in ((trust, continuity), (continuity, trust)))
        self.assertGreater(colours[false_ones][0], colours[false_ones][1])  # magenta
        self.assertGreater(colours[missing][1], colours[missing][0])  # green
        self.assertTrue(self.find("#scale .doubt").is_displayed())
        self.scroll_to("#right .plot")
        self.move_over_point(int(false_ones))
        self.wait(lambda: self.find("#hover").is_displayed())
        self.assertIn("trust, continuity", self.text("#hover"))
        self.picture("doubt")

    def test_points_move_between_the_checkpoints(self):
        self.open_sample(state="#step=0")
        self.choose("#speed", "1")  # checkpoint a second
        self.hold_clock()
        self.press(" ")
        now = "return [state.frame, state.between, view.places[10], view.places[11]]"
        seen = []
        for _ in range(9):
            self.js("tick(125)")
            seen.append(self.numbers(now))
        np.testing.assert_allclose([one[:2] for one in seen], [[0, k / 8] for k in range(1, 8)] + [[1, 0], [1, 1 / 8]], atol=1e-12)
        begin, end = self.numbers("return [0, 1].map((t) => [dataset.x(t, 5), dataset.y(t, 5)])")
        shares = np.array([(one[2:] - begin) / (end - begin) for one in seen[:7]])
        self.assertTrue((np.diff(shares, axis=0) > 0).all() and (shares > 0).all() and (shares < 1).all(), shares)
        np.testing.assert_allclose(seen[7][2:], end, rtol=1e-6)
        self.press(" ")
        self.assertEqual(self.js(VIEW + "return [state.playing, state.between]"), [False, 0])

    def test_groups_that_changed_together(self):
        self.open_sample("images=300", "frames=5", state="#tab=groups")
        self.find("#find-groups").click()
        self.wait(lambda: self.text("#panel-groups p[role=status]").startswith("Click"))
        self.picture("groups")
        buttons = self.all(".group")
        before, after = ([set(row) for row in self.js(VIEW + f"return Array.from({{length: dataset.size}}, (_, i) => dataset.neighbours({t}, i))")]
                         for t in (0, 4))
        found = []
        for button in buttons:
            button.click()
            found.append(self.chosen())
            self.assertIn(f"{len(found[-1])} images", button.get_attribute("aria-label"))
        self.assertEqual(sum(map(len, found)), len(set().union(*found)))  # no image is in two
        scores = [self.score_of_group(group, before, after) for group in found]
        self.assertEqual(scores, sorted(scores, reverse=True))

    @staticmethod
    def score_of_group(group, before, after):
        """As Emblaze's recommender scores it."""
        def common(of):
            times = Counter(j for i in group for j in of(i) if j not in group)
            return np.mean([number / len(group) for _, number in times.most_common(10)])

        alike = np.mean([len(before[i] & before[j]) / len(before[i] | before[j]) for i, j in combinations(group, 2)])
        inner = np.mean([1 / (1 + len(before[i] & after[i] & group)) for i in group])
        return (alike + inner + common(lambda i: after[i] - before[i]) + common(lambda i: before[i] - after[i])) * np.log(len(group))

    def test_all_that_the_table_shows_is_selected_by_a_key(self):
        self.open_sample(state="#show=wrong")
        self.press("a")
        wrong = set(np.flatnonzero(self.predictions(4) != self.labels()))
        self.wait(lambda: self.chosen() == wrong)

    def test_the_panels_go_by_the_keyboard(self):
        self.open_sample()
        self.find("#tab-training").send_keys(Keys.ARROW_RIGHT)
        self.wait(lambda: self.find("#panel-classes").is_displayed())
        self.assertFalse(self.find("#panel-training").is_displayed())
        self.assertEqual(self.js("return document.activeElement.id"), "tab-classes")
        self.assertEqual(self.text("#moment"), "step 80, epoch 3.00")  # the arrow did not move the slider

    def test_nothing_sticks_out_of_the_window(self):
        self.open_sample(state="#colour=score&selected=7&tab=classes&range=score:0.1:0.9")
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), self.size[0])
        for node in self.all(".controls select, .controls input, .card, .tabs button, .tools button"):
            if node.is_displayed():
                box = node.rect
                self.assertGreaterEqual(box["x"], 0, node.get_attribute("outerHTML")[:80])
                self.assertLessEqual(box["x"] + box["width"], self.size[0] + 0.5, node.get_attribute("outerHTML")[:80])


class OnADesk(Finding, BrowserTest):
    size, theme = (1400, 900), "light"

    def test_views_and_table_are_in_sight_together(self):
        self.open_sample()
        self.assertEqual(self.js("return [document.documentElement.scrollHeight, scrollY]"), [900, 0])
        boxes = {name: self.find(name).rect for name in ("#left .plot", "#right .plot", "#table", "#selection", "#tabs")}
        for name, box in boxes.items():
            self.assertLessEqual(box["y"] + box["height"], 900, name)
            self.assertGreater(box["height"], 25, name)
        self.assertGreaterEqual(min(boxes["#left .plot"]["height"], boxes["#left .plot"]["width"]), 350)
        seen = [row for row in self.all(".tabulator-row") if row.rect["y"] + row.rect["height"] < 900]
        self.assertGreaterEqual(len(seen), 4)

    def test_the_table_sorts_by_mistakenness(self):
        self.open_sample()
        header = self.find("#table .tabulator-header [tabulator-field=mistakenness]")
        self.assertIn("FiftyOne", header.get_attribute("title"))
        header.click()
        self.wait(lambda: "sort=mistakenness:desc" in self.js("return decodeURIComponent(location.hash)"))
        shown = [float(cell.text) for cell in self.all(".tabulator-row [tabulator-field=mistakenness]")]
        self.assertGreater(len(shown), 4)
        self.assertEqual(shown, sorted(shown, reverse=True))
        most = self.numbers("return Array.from({length: dataset.size}, (_, i) => dataset.mistakenness(4, i))").max()
        self.assertAlmostEqual(shown[0], most, places=3)
        self.picture("by-mistakenness")

    def test_own_numbers_keep_all_their_digits(self):
        table = Path(self.scratch.name) / "dates.csv"
        table.write_text("index,photo,share\n" + "".join(f"{i},{20231105 + i},0.12345678{i}\n" for i in range(4)))
        self.open_sample("images=300", "frames=5", f"columns={table}", state="#colour=own0&selected=0-3&range=own0:20231106:20231107")
        self.check_shown(np.isin(np.arange(300), [1, 2]))
        self.assertEqual(self.text(".range-chip"), "photo 20231106 to 20231107 ✕")
        ends = self.all("#scale .end")
        self.assertEqual([end.get_attribute("value") for end in ends], ["20231106", "20231107"])
        self.assertEqual([end.text[:6] for end in self.all("#scale .ends span")], ["202311"] * 3)
        ends[1].clear()
        ends[1].send_keys("20231106", Keys.ENTER)
        self.check_shown(np.arange(300) == 1)
        self.wait(lambda: "range=own0:20231106:20231106" in self.js("return location.hash"))
        head, *rows = self.saved("#save-selection", "selection.csv")
        saved = {row[0]: (row[head.index("photo")], row[head.index("share")]) for row in rows}
        self.assertEqual(saved, {str(i): (str(20231105 + i), f"0.12345678{i}".rstrip("0")) for i in range(4)})

    def test_saved_texts_are_no_formulas_and_can_be_read_again(self):
        table = Path(self.scratch.name) / "formulas.csv"
        table.write_text('index,"=1+1",n\n0,=A1,-5\n1,"-1,5",-6\n2,@x,-7\n3,\'=y,-8\n4,plain,-9\n')
        self.open_sample("images=300", "frames=5", f"columns={table}", state="#selected=0-4")
        head, *rows = self.saved("#save-selection", "selection.csv")
        self.assertIn("'=1+1", head)
        saved = {int(row[0]): (row[head.index("'=1+1")], row[head.index("n")]) for row in rows}
        # As a person may write it, '=y is taken for =y; the page writes it so again.
        self.assertEqual(saved, {0: ("'=A1", "-5"), 1: ("'-1,5", "-6"), 2: ("'@x", "-7"), 3: ("'=y", "-8"), 4: ("plain", "-9")})
        again = Path(self.scratch.name) / "saved" / "selection.csv"
        self.open_sample("images=300", "frames=5", f"columns={again}", state="#selected=0-4")
        column = next(column for column in self.js(VIEW + "return dataset.meta.columns") if column["name"] == "=1+1")
        self.assertEqual([column["categories"][int(k)] for k in column["values"][:5]], ["=A1", "-1,5", "@x", "=y", "plain"])

    # Views that change their size are drawn twice, and the table is laid out anew: that took longer than the colours.
    def test_another_colour_moves_nothing(self):
        self.open_sample()
        boxes = {}
        for option in self.all("#colour option"):
            self.choose("#colour", option.get_attribute("value"))
            boxes[option.get_attribute("value")] = [self.find(part).rect for part in ("#legend", "#left .plot", "#right .plot", "#tabs", "#table")]
        self.assertEqual(len(boxes), 17)
        for key, places in boxes.items():
            self.assertEqual(places, boxes["label"], key)

    def test_many_classes_have_a_list_of_pairs(self):
        self.open_sample("images=600", "frames=3", "classes=40", state="#tab=classes")
        labels, guesses = self.labels(), self.predictions(2)
        pairs, counts = np.unique(np.stack([labels, guesses])[:, labels != guesses], axis=1, return_counts=True)
        self.assertEqual(self.all(".pair strong")[0].text, str(counts.max()))
        self.find(".pair").click()
        self.wait(lambda: len(self.chosen()) == counts.max())
        self.picture("pairs")


    def test_clusters_are_those_of_scipy(self):
        rng = np.random.default_rng(3)
        size = 120
        similarity = np.triu(np.where(rng.random((size, size)) < 0.3, rng.random((size, size)) ** 2, 0), 1)
        code = (Path(__file__).resolve().parents[2] / "src/review/page/linkage.js").read_text(encoding="utf-8")
        pairs = [{"a": int(a), "b": int(b), "similarity": similarity[a, b]} for a, b in np.argwhere(similarity)]
        self.browser.get("about:blank")
        found = self.browser.execute_async_script("""
            const [code, pairs, done] = arguments;
            import(URL.createObjectURL(new Blob([code], {type: 'text/javascript'}))).then(({averageLinkage}) => done(averageLinkage(pairs, [0.3, 0.2, 0.1])));""",
                                                  code, pairs)
        tree = linkage(squareform(1 - similarity - similarity.T, checks=False), "average")
        for cut, clusters in zip((0.7, 0.8, 0.9), found):
            of_item = fcluster(tree, cut, "distance")
            wanted = {frozenset(np.flatnonzero(of_item == c).tolist()) for c in of_item if (of_item == c).sum() > 1}
            self.assertEqual({frozenset(cluster) for cluster in clusters}, wanted)
            self.assertGreater(len(wanted), 3)


class OnADeskAtNight(Finding, BrowserTest):
    size, theme = (1400, 900), "dark"


class OnASmallScreen(Finding, BrowserTest):
    size, theme = (900, 600), "dark"


class OnAPhone(Finding, BrowserTest):
    size, theme = (390, 844), "light"


if __name__ == "__main__":
    unittest.main(verbosity=2)
