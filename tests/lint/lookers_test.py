# SPDX-License-Identifier: Apache-2.0
"""No source asks std::filesystem whether a file is there, whose answer is no where the disk has failed: listing.hpp of support
tells that apart."""
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOKERS = re.compile(r"\b(?:fs|filesystem)::(?:exists|is_directory|is_regular_file|is_empty|file_size)\(")
# Where it is right, and why.
MAY_LOOK = {
    "src/support/listing.cpp": "listing.hpp itself",
    "src/support/atomic_path.cpp": "what it has written itself; a folder that is there is found by mkdir(), too",
    "src/doctor/roll_call.cpp": "the doctor goes on whatever fails",
    "src/doctor/libraries.cpp": "the doctor goes on whatever fails",
    "jobs/command_line.cpp": "a hint in an error",
    "jobs/job_end.cpp": "what an error ends with, if it can",
    "jobs/place.cpp": "whether run.ini keeps a path with its folder",
}


class Lookers(unittest.TestCase):
    def test_know_what_failed(self):
        listing = subprocess.run(["git", "ls-files", "src/*.[ch]pp", "include/*.hpp", "jobs/*.[ch]pp"],
                                 cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = []
        for path in sorted(set(listing.split()) - MAY_LOOK.keys()):
            for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
                if LOOKERS.search(line.split("//")[0]):
                    found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(found, [], "use exists, is_directory, is_regular_file, names_in or file_size of support instead")


if __name__ == "__main__":
    unittest.main()
