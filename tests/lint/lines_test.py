# SPDX-License-Identifier: Apache-2.0
"""Only src/support writes to standard output and standard error: what it writes is safe for a terminal."""
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WRITERS = re.compile(r"std::(cout|cerr|clog)\b|\b(std(out|err)|STD(OUT|ERR)_FILENO|spdlog::)|\b(printf|puts|putchar|perror|psignal)\(")
# The last three where nothing else can be called: words of their own, or made safe before; and where they are closed.
MAY_WRITE = {"src/support/terminal.cpp", "src/support/log.cpp", "src/support/progress.cpp", "jobs/surroundings.cpp",
             "src/support/mapping_guard.cpp", "src/compute/heir.cpp"}


class Lines(unittest.TestCase):
    def test_are_written_where_they_become_safe(self):
        listing = subprocess.run(["git", "ls-files", "src/*.[ch]pp", "include/*.hpp", "jobs/*.[ch]pp"],
                                 cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = []
        for path in sorted(set(listing.split()) - MAY_WRITE):
            for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
                code = line.split("//")[0]
                if WRITERS.search(code) and "std::fflush(" not in code:
                    found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(found, [], "call print_line, print_error_line or log_... of support instead")


if __name__ == "__main__":
    unittest.main()
