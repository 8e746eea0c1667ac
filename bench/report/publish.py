# SPDX-License-Identifier: Apache-2.0
"""The tables of the READMEs, out of a report: no figure there is written by hand. bench/report/published.json keeps the report, so that
a test can see that what stands there is what it says."""

import json
import re
import sys

import write
from measure import ROOT

PUBLISHED = ROOT / "bench/report/published.json"
PLOT = ROOT / "docs/bench.png"
BEGIN, END = "<!-- script/bench --publish writes this: {} -->", "<!-- the end of it -->"


def of_readme(report):
    if not report:
        return ""
    if not report["article"]:
        return write.machine_text(report) + "\n\n" + write.figures_table(report)
    tables = [write.article_table(report), write.strongest_table(report), "![How many times as fast](docs/bench.png)"]
    return "\n\n".join([write.machine_text(report), *tables])


def of_bench_readme(report):
    if not report:
        return "None has been published yet: `script/bench`, on a machine that does nothing else, and then `script/bench --publish`."
    return write.sections(report)


SECTIONS = (("README.md", "speed", of_readme), ("bench/README.md", "figures", of_bench_readme))


def published():
    """The report that the READMEs show; None before the first."""
    return json.loads(PUBLISHED.read_text()) if PUBLISHED.exists() else None


def replaced(text, name, section, path):
    """`text` with what stands between the marks of `name` replaced."""
    pattern = re.escape(BEGIN.format(name)) + r"\n.*?" + re.escape(END)
    if len(re.findall(pattern, text, re.DOTALL)) != 1:
        sys.exit(f"{path}: the lines '{BEGIN.format(name)}' and '{END}' are not there, or twice")
    return re.sub(pattern, lambda _: f"{BEGIN.format(name)}\n{section}\n{END}", text, flags=re.DOTALL)


def publish(folder):
    path = folder / "report.json"
    if not path.exists():
        sys.exit(f"{path} is missing: script/bench writes it")
    report = json.loads(path.read_text())
    if report["is_quick"]:
        sys.exit(f"{path} was made with --quick: its times say nothing. Run script/bench")
    for name, section, make in SECTIONS:
        file = ROOT / name
        file.write_text(replaced(file.read_text(), section, make(report), file))
    PUBLISHED.write_text(json.dumps(report, indent=1) + "\n")
    write.draw_ratios(report, PLOT)
    print(
        f"written into {' and '.join(name for name, _, _ in SECTIONS)}, with {PUBLISHED.relative_to(ROOT)} and {PLOT.relative_to(ROOT)}"
    )
