# SPDX-License-Identifier: Apache-2.0
"""docs/reading-a-run.ipynb is executed, and what it shows is opened in a real browser."""
import os
import unittest
from pathlib import Path

import package
import require

with require.imports():
    import nbclient
    import nbformat
    import numpy as np

import zoetrope

NOTEBOOK = package.ROOT / "docs/reading-a-run.ipynb"
BROWSER, DRIVER, NO_CHROMIUM = require.chromium()


class Notebook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        package.enter_folder(cls)
        cls.notebook = nbformat.read(NOTEBOOK, 4)
        nbformat.validate(cls.notebook)
        cls.outputs = [[output for cell in cls.notebook.cells for output in cell.get("outputs", ())]]
        nbclient.NotebookClient(cls.notebook, timeout=300, kernel_name="python3").execute()
        cls.shown = [output["data"] for cell in cls.notebook.cells for output in cell.get("outputs", ()) if "data" in output]

    def test_is_kept_without_outputs(self):
        self.assertEqual(self.outputs, [[]])

    def test_shows_what_the_run_holds(self):
        run = zoetrope.Run("runs/digits")
        self.assertEqual(run.steps, list(range(0, 201, 20)))
        accuracy = run.curves()["accuracy"]
        self.assertLess(accuracy[0], 0.3)
        self.assertGreater(accuracy[200], 0.8)
        self.assertIn(f"<td>{accuracy[200]:.3f}</td>", self.shown[2]["text/html"])
        moved = np.linalg.norm(run.embeddings(200) - run.embeddings(0), axis=1)
        self.assertIn(f"{moved[run.labels == 3].mean():.6f}", self.shown[3]["text/plain"])
        self.assertTrue(self.shown[0]["text/html"].startswith('<img src="data:image/gif;base64,'))

    @require.unless(BROWSER and DRIVER, "chromium", NO_CHROMIUM)
    def test_the_page_lives_in_a_frame_of_the_notebook(self):
        from selenium import webdriver
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait
        Path("notebook.html").write_text(f"<!DOCTYPE html><meta charset=utf-8><title>notebook</title>{self.shown[0]['text/html']}"
                                         f"{self.shown[-1]['text/html']}", "utf-8")
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1700", "--use-gl=angle",
                       "--use-angle=swiftshader", "--enable-unsafe-swiftshader"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        self.addCleanup(browser.quit)
        browser.get(Path("notebook.html").absolute().as_uri())
        self.assertGreater(browser.execute_script("return document.querySelector('img').naturalWidth"), 1000)
        browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
        WebDriverWait(browser, 120, 0.1).until(lambda _: browser.execute_script("return document.body.dataset.ready") == "true")
        self.assertGreater(len(browser.find_elements(By.CSS_SELECTOR, ".tabulator-row")), 5)
        browser.find_element(By.CSS_SELECTOR, ".tabulator-row").click()  # it writes what is selected into its address
        if folder := os.environ.get("ZOETROPE_SCREENSHOTS"):
            browser.save_screenshot(str(Path(folder) / "notebook.png"))
        self.assertEqual([entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")], [])


if __name__ == "__main__":
    unittest.main()
