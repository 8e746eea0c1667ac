# SPDX-License-Identifier: Apache-2.0
"""No source opens a file to write by a path, which a planted link may lead elsewhere: they make files by support's NewFile."""
import re
import unittest

import sources

OPENERS = re.compile(r"std::o?fstream\b(?!>)|\bfopen\(|archive_write_open_filename|\bO_CREAT\b|H5F_ACC_TRUNC|create_directories\(")
# Where it is right, and why.
MAY_OPEN = {
    "src/support/new_file.cpp": "NewFile itself",
    "src/support/atomic_path.cpp": "write_file, with O_EXCL",
    "src/support/folder_lock.cpp": "the lock, with O_NOFOLLOW: it may be there",
    "src/model/cuda/cubin_cache.cpp": "the user's own cache folder",
    "src/train/start.cpp": "the run folder, which may be there",
    "jobs/main.cpp": "the run folder, which may be there",
}


class Writers(unittest.TestCase):
    def test_make_new_files(self):
        self.assertEqual(sources.lines_with(OPENERS, MAY_OPEN), [], "use NewFile, write_file or create_new_folder of support instead")


if __name__ == "__main__":
    unittest.main()
