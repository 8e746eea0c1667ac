# SPDX-License-Identifier: Apache-2.0
"""What is missing skips a test, and fails it where ZOETROPE_REQUIRE names it. Usage: require_test.py CMAKE"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMAKE = sys.argv.pop(1)
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import require, unittest\n"
TESTS = SCRIPT + """
class Test(unittest.TestCase):
    @{decorator}
    def test(self):
        self.fail("is run without what it needs")
unittest.main(argv=["test"])
"""
SPELLED_OUT = re.compile(r"sys\.exit\(77\)|SkipTest|skipTest|unittest\.skip(?!If\((?:job\.)?has_gpu)")


class Require(unittest.TestCase):
    def call(self, words, required, **variables):
        """(exit code, what it said)"""
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "ZOETROPE_REQUIRE": required, **variables})
        return done.returncode, done.stdout + done.stderr

    def python(self, text, required="", **variables):
        return self.call([sys.executable, "-c", text], required, **variables)

    def cmake(self, text, required):
        with tempfile.NamedTemporaryFile("w", suffix=".cmake") as file:
            file.write(f"cmake_minimum_required(VERSION 3.25)\ninclude({ROOT / 'cmake/require.cmake'})\n{text}\n")
            file.flush()
            return self.call([CMAKE, "-P", file.name], required)

    def test_a_script_is_skipped_and_fails_where_its_thing_is_required(self):
        missing = SCRIPT + "require.skip('slurm', 'no srun')"
        self.assertEqual(self.python(missing), (77, "skipped: no srun\n"))
        self.assertEqual(self.python(missing, "peers,nccl")[0], 77)
        self.assertEqual(self.python(missing, "peers,slurm"), (1, "failed, since ZOETROPE_REQUIRE names slurm: no srun\n"))

    def test_an_import_is_skipped_and_fails_where_peers_are_required(self):
        missing = SCRIPT + "with require.imports():\n    import math, no_such_peer"
        code, said = self.python(missing)
        self.assertEqual(code, 77)
        self.assertIn("no_such_peer", said)
        code, said = self.python(missing, "peers")
        self.assertEqual(code, 1)
        self.assertIn("no_such_peer", said)
        self.assertEqual(self.python(SCRIPT + "with require.imports():\n    import math", "peers"), (0, ""))

    def test_a_test_is_skipped_and_fails_where_its_thing_is_required(self):
        missing = TESTS.format(decorator="require.unless(None, 'chromium', 'no chromium')")
        code, said = self.python(missing, "slurm")
        self.assertEqual(code, 0, said)
        self.assertIn("skipped=1", said)
        self.assertEqual(self.python(missing, "chromium"), (1, "failed, since ZOETROPE_REQUIRE names chromium: no chromium\n"))
        code, said = self.python(TESTS.format(decorator="require.unless('/bin/chromium', 'chromium', 'no chromium')"), "chromium")
        self.assertIn("is run without", said)

    def test_a_package_is_required_in_the_environment_that_has_it(self):
        missing = TESTS.format(decorator="require.package('no_such_viewer', home='viewers')")
        for kind, required, code in (("viewers", "peers", 1), ("peers", "peers", 0), ("viewers", "slurm", 0), ("viewers", "", 0)):
            with self.subTest(kind=kind, required=required):
                ended, said = self.python(missing, required, ZOETROPE_TEST_PYTHON=kind)
                self.assertEqual(ended, code, said)
                self.assertIn("no_such_viewer" if code else "skipped=1", said)

    def test_a_thing_that_nobody_knows_is_an_error(self):
        code, said = self.python(SCRIPT + "require.skip('slurm', 'no srun')", "slrum")
        self.assertEqual(code, 1)
        self.assertIn("'slrum'", said)
        code, said = self.cmake("", "peers,slrum")
        self.assertEqual(code, 1)
        self.assertIn("'slrum'", said)

    def test_tests_that_are_not_registered_fail_the_configuration(self):
        for required in ("", "peers,chromium"):
            code, said = self.cmake('zoetrope_left_out(nccl "no headers")', required)
            self.assertEqual(code, 0, said)
            self.assertIn("no headers", said)
        for required in ("nccl", "peers,nccl", "nccl,slurm"):
            code, said = self.cmake('zoetrope_left_out(nccl "no headers")\nmessage("goes on")', required)
            self.assertEqual(code, 1)
            self.assertIn("ZOETROPE_REQUIRE names nccl: no headers", " ".join(said.split()))
            self.assertNotIn("goes on", said)

    def test_both_know_the_same_things_and_ci_requires_them_all(self):
        import require
        in_cmake = re.search(r"^set\(things (.*)\)$", (ROOT / "cmake/require.cmake").read_text(), re.MULTILINE).group(1)
        self.assertEqual(tuple(in_cmake.split()), require.THINGS)
        self.assertIn(f"export ZOETROPE_REQUIRE={','.join(require.THINGS)} ", (ROOT / ".ci/run").read_text())

    def test_no_test_is_skipped_in_another_way(self):
        others = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py") if path.parent != Path(__file__).parent]
        self.assertGreater(len(others), 20)
        self.assertEqual([str(path) for path in others if SPELLED_OUT.search(path.read_text())], [])


if __name__ == "__main__":
    unittest.main()
