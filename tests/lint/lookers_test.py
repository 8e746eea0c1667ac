# SPDX-License-Identifier: Apache-2.0
"""No source asks std::filesystem whether a file is there, whose answer is no where the disk has failed: listing.hpp of support
tells that apart."""
import re
import unittest

import sources

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
        self.assertEqual(sources.lines_with(LOOKERS, MAY_LOOK), [], "use exists, is_directory, is_regular_file, names_in or file_size of support instead")


if __name__ == "__main__":
    unittest.main()
