# SPDX-License-Identifier: Apache-2.0
"""The program is built with what makes a defect harder to use.

    hardening_test.py PROGRAM
"""
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, PROGRAM], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def test_it_lies_anywhere(self):
        self.assertIn("Type:                              DYN", readelf("-h"))

    def test_its_tables_are_read_only_once_it_has_started(self):
        self.assertIn("GNU_RELRO", readelf("-l"))
        self.assertIn("BIND_NOW", readelf("-d"))

    def test_its_stack_is_not_executable(self):
        stack = next(line for line in readelf("-l").splitlines() if "GNU_STACK" in line)
        self.assertNotIn("E", stack.split()[-2])

    def test_stacks_and_copies_are_checked(self):
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__\w+_chk@")


if __name__ == "__main__":
    unittest.main()
