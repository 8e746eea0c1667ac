# SPDX-License-Identifier: Apache-2.0
"""The review page's keys, table, legend and address. Usage: controls_test.py REVIEW_SAMPLE [unittest's options]; see browser.py"""
import unittest

from browser import BrowserTest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select


class Controls(BrowserTest):
    def test_the_table_sorts_searches_and_filters(self):
        self.open("images=300", "frames=5")
        self.find('.tabulator-col[tabulator-field="scoreLast"] .tabulator-col-title').click()
        self.wait(lambda: self.column("rankLast")[:4] == ["1", "2", "3", "4"])
        search = self.find("#search")
        search.send_keys("sandal")
        self.wait(lambda: self.text("#count") != "300 of 300")
        self.wait(lambda: all("Sandal" in shown for shown in zip(self.column("label"), self.column("predictionLast"))))
        search.clear()
        search.send_keys("no such thing")
        self.wait(lambda: self.text("#count") == "0 of 300")
        search.clear()
        search.send_keys(" ")
        Select(self.find("#class-select")).select_by_visible_text("Bag")
        self.wait(lambda: set(self.column("label")) == {"Bag"})

    def header(self, field):
        return self.find(f'.tabulator-col[tabulator-field="{field}"]')

    def test_another_order_is_shown_from_its_beginning(self):
        self.open("images=300", "frames=5")
        scrolled = "const box = document.querySelector('.tabulator-tableholder'); box.scrollTop = 4000; return box.scrollTop"
        shown = "return document.querySelector('.tabulator-tableholder').scrollTop"
        worst, best = ["1", "2", "3"], ["300", "299", "298"]
        for change, first in ((lambda: self.header("scoreLast").click(), worst), (lambda: self.header("scoreLast").click(), best),
                              (lambda: self.header("scoreLast").send_keys(Keys.ENTER), worst),
                              (lambda: self.js("location.hash = '#sort=scoreLast:desc'"), best), (lambda: self.find("#search").send_keys("shirt"), None)):
            self.assertEqual(self.js(scrolled), 4000)  # and Tabulator may hear of it late
            change()
            self.wait(lambda: self.js(shown) == 0)
            self.wait(lambda first=first: first is None or self.column("rankLast")[:3] == first)

    def test_headers_sort_by_the_keyboard(self):
        self.open("images=300", "frames=5")
        for key, field, column, first in ((Keys.ENTER, "scoreFirst", "rankFirst", "1"), (Keys.SPACE, "scoreFirst", "rankFirst", "300"),
                                          (Keys.SPACE, "forgetting", "forgetting", None)):
            self.header(field).send_keys(key)
            self.wait(lambda field=field: f"sort={field}" in self.js("return location.hash"))
            if first:
                self.wait(lambda column=column, first=first: self.column(column)[0] == first)
        self.assertEqual(self.text("#moment"), "step 80, epoch 3.00")  # Space did not play
        self.assertEqual(self.text("#selection h2"), "Selection")  # Enter did not select
        # By Tab from the link to the table to the first header and on to the next.
        self.find("#table").send_keys(Keys.TAB)
        field = "return document.activeElement.getAttribute('tabulator-field')"
        self.assertEqual(self.js(field), "id")
        self.press(Keys.TAB)
        self.assertEqual(self.js(field), "label")

    def test_a_header_tells_its_own_meaning(self):
        self.open("images=300", "frames=5")
        said = {}
        for header in self.all(".tabulator-header .tabulator-col[tabulator-field]"):
            ActionChains(self.browser).move_to_element(header).pause(0.5).perform()  # the tooltip's delay is 0.3 s
            self.assertEqual(self.all(".tabulator-tooltip"), [])
            title = "let node = arguments[0]; while (node && !node.title) node = node.parentElement; return node ? node.title : ''"
            said[header.get_attribute("tabulator-field")] = self.js(title, header)
        self.assertIn("0 is most atypical", said["scoreFirst"])
        self.assertIn("1 is most atypical", said["rankLast"])
        self.assertEqual(said["confidenceFirst"], "Probability of the predicted class.")
        self.assertEqual([said[field] for field in ("id", "label", "predictionFirst", "predictionLast")], ["", "", "", ""])
        self.assertIn("label", said["issueRank"])

    def test_hiding_a_class_hides_it_in_views_and_table(self):
        self.open("images=300", "frames=5")
        self.find("#legend .chip").click()
        self.wait(lambda: self.text("#count") == "270 of 300")
        self.assertEqual(self.mask().count(0), 30)
        self.assertEqual(self.find("#legend .chip").get_attribute("aria-pressed"), "false")

    def test_the_keyboard_reaches_everything(self):
        self.open("images=300", "frames=5")
        self.press(Keys.HOME)
        self.wait(lambda: self.text("#moment") == "step 0, epoch 0.00")
        self.press("c")
        self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
        self.find("#table").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        second = self.column("id")[3]  # two columns show the id: picture, index
        self.wait(lambda: self.selected() == second)
        self.press("?")
        self.wait(lambda: self.find("#help").is_displayed())
        self.press(Keys.ESCAPE)
        self.wait(lambda: not self.find("#help").is_displayed())
        self.assertEqual(self.selected(), second)

    def test_enter_selects_one_image_and_marks_it_alone(self):
        self.open("images=300", "frames=5")
        table = self.find("#table")
        table.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        first, second, third = self.column("id")[1:6:2]
        self.wait(lambda: self.selected() == first)
        self.assertEqual(self.text("#mark"), "Mark")
        marked = "return [...document.querySelector('#right .plot').view.state.relabel.keys()].map(String)"
        Select(self.find(".relabel select")).select_by_visible_text("Bag")
        self.find("#mark").click()
        table.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        self.wait(lambda: self.selected() == second)
        self.assertFalse(self.find("#unmark").is_displayed())
        Select(self.find(".relabel select")).select_by_visible_text("Coat")
        self.find("#mark").click()
        self.assertEqual(self.js(marked), [first, second])
        coat = "const {state, dataset} = document.querySelector('#right .plot').view; return [...state.relabel.values()].map((c) => dataset.className(c))"
        self.assertEqual(self.js(coat), ["Bag", "Coat"])
        table.send_keys(Keys.ARROW_DOWN)
        ActionChains(self.browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
        self.wait(lambda: self.text("#selection h2") == "Selection (2)")
        self.assertEqual(self.text("#mark"), "Mark 2")
        table.send_keys(Keys.ARROW_UP)
        ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()  # takes it out again
        self.wait(lambda: self.selected() == third)

    def test_the_address_brings_back_what_was_shown(self):
        self.open("images=300", "frames=5", state="#step=40&left=20&right=80&pin=right&selected=3,7-9&hidden=1&search=a&sort=id:desc")
        self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
        values = [Select(self.find(f"#{side} select")).first_selected_option.get_attribute("value") for side in ("left", "right")]
        self.assertEqual(values, ["1", "4"])
        self.assertEqual(self.text("#selection h2"), "Selection (4)")
        indices = [int(text) for text in self.column("id")[1::2]]
        self.assertEqual(indices, sorted(indices, reverse=True))
        self.wait(lambda: self.selected() == "3,7-9")
        before = self.js("return location.hash")
        self.browser.refresh()
        self.wait(lambda: self.js("return document.body.dataset.ready") == "true")
        self.wait(lambda: self.js("return location.hash") == before)

    def test_the_dialog_of_keys_takes_all_keys(self):
        self.open("images=300", "frames=5", state="#step=40&selected=3")
        self.find("#help-button").click()
        self.find("#help h2").click()  # the focus goes to the dialog itself
        self.press(Keys.ARROW_LEFT)
        self.press("c")
        self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
        self.press(Keys.ESCAPE)
        self.wait(lambda: not self.find("#help").is_displayed())
        self.assertEqual(self.text("#selection h2"), "Selection (1)")
        self.press(Keys.ARROW_LEFT)
        self.wait(lambda: self.text("#moment") == "step 20, epoch 0.75")

    def test_the_link_to_the_table_moves_the_focus_only(self):
        self.open("images=300", "frames=5", state="#step=40&selected=3")
        self.js("document.getElementById('skip').focus()")
        self.press(Keys.ENTER)
        self.wait(lambda: self.js("return document.activeElement.id") == "table")
        self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
        self.js("location.hash = '#table'")  # as the link is followed before the page is ready
        self.js("return new Promise((resolve) => setTimeout(resolve, 50))")
        self.assertEqual(self.text("#moment"), "step 40, epoch 1.50")
        self.assertEqual(self.text("#selection h2"), "Selection (1)")

    def test_a_pasted_address_shows_its_search_and_order(self):
        self.open("images=300", "frames=5", state="#step=40&search=bag&sort=id:desc")
        self.js("location.hash = '#step=80&search=sandal&sort=scoreFirst:asc'")
        self.wait(lambda: self.text("#moment") == "step 80, epoch 3.00")
        self.assertEqual(self.find("#search").get_attribute("value"), "sandal")
        self.wait(lambda: [int(rank) for rank in self.column("rankFirst")] == sorted(int(rank) for rank in self.column("rankFirst")))
        self.wait(lambda: all("Sandal" in shown for shown in zip(self.column("label"), self.column("predictionLast"))))
        self.wait(lambda: "sort=scoreFirst:asc" in self.js("return location.hash"))
        self.js("location.hash = '#step=80'")
        self.wait(lambda: self.column("rankLast")[:3] == ["1", "2", "3"])
        self.assertEqual(self.find("#search").get_attribute("value"), "")

    def test_a_pasted_address_leaves_nothing_of_the_image_before(self):
        self.open("images=300", "frames=5", state="#step=40")
        self.find("#table").send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        self.find("#play").click()
        self.wait(lambda: self.text("#moment") != "step 40, epoch 1.50")
        self.js("location.hash = '#step=20&selected=7'")
        self.wait(lambda: self.text("#selection .subject strong") == "#7")
        self.assertEqual(self.js("const {state} = document.querySelector('#right .plot').view; return [state.playing, state.between, state.active]"),
                         [False, 0, -1])
        self.assertEqual(self.text("#moment"), "step 20, epoch 0.75")
        self.js("location.hash = '#step=20'")
        self.wait(lambda: not self.find("#selection .subject").is_displayed())

    def test_an_emptied_selection_leaves_all_in_the_table(self):
        self.open("images=300", "frames=5", state="#selected=3,7&only=selection")
        self.assertEqual(self.text("#count"), "2 of 300")
        self.find("#selection .tiles .tile").click()
        self.wait(lambda: self.text("#count") == "1 of 300")
        row = self.find(".tabulator-row")
        row.click()  # of the selected one alone: not selected any more
        self.wait(lambda: self.text("#count") == "300 of 300")
        self.assertFalse(self.find("#only-selection").is_selected())
        self.js("location.hash = '#only=selection'")
        self.js("return new Promise((resolve) => setTimeout(resolve, 50))")
        self.assertEqual(self.text("#count"), "300 of 300")

    def test_a_drag_that_the_browser_breaks_off_is_given_up(self):
        self.open("images=300", "frames=5", state="#colour=confidence&range=confidence:0.2:")
        send = """
            const [selector, ...all] = arguments, node = document.querySelector(selector), {left, top, width, height} = node.getBoundingClientRect();
            node.setPointerCapture = () => {};
            for (const [type, x, y] of all) {
              node.dispatchEvent(new PointerEvent(type, {pointerId: 5, clientX: left + x * width, clientY: top + y * height, bubbles: true}));
            }"""
        state = "document.querySelector('#right .plot').view.state"
        self.js(send, ".histogram", ["pointerdown", 0.3, 0.5], ["pointermove", 0.6, 0.5])
        self.assertGreater(self.js(f"return {state}.range.low"), 0.2)
        self.js(send, ".histogram", ["pointercancel", 0.6, 0.5], ["pointermove", 0.9, 0.5])
        self.assertEqual(self.js(f"return {state}.range.low"), 0.2)
        drawn = "return document.querySelector('#right .plot').view.lines.path !== null"
        self.js(send, "#right .plot", ["pointerdown", 0.1, 0.1], ["pointermove", 0.9, 0.1], ["pointermove", 0.9, 0.9])
        self.assertTrue(self.js(drawn))
        self.js(send, "#right .plot", ["pointercancel", 0.9, 0.9], ["pointermove", 0.1, 0.9])
        self.assertFalse(self.js(drawn))
        self.assertEqual(self.js(f"return {state}.selected.size"), 0)

    def test_a_double_click_shows_a_class_alone_and_another_all(self):
        self.open("images=300", "frames=5")
        chip = self.find("#legend .chip")
        for shown in ("30 of 300", "300 of 300", "30 of 300"):
            ActionChains(self.browser).double_click(chip).perform()
            self.wait(lambda shown=shown: self.text("#count") == shown)
            self.js("return new Promise((resolve) => setTimeout(resolve, 600))")  # or it is a click more of the same

    def test_choosing_a_class_works_in_browsers_of_2023(self):
        self.open("images=300", "frames=5")
        self.js("delete Iterator.prototype.filter")
        Select(self.find("#class-select")).select_by_visible_text("Bag")
        self.wait(lambda: set(self.column("label")) == {"Bag"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
