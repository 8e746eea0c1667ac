# SPDX-License-Identifier: Apache-2.0
"""What check.py makes of a profile of callgrind, and of counts that have changed."""
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import check  # noqa: E402
import profile_file  # noqa: E402

# main() of the program costs 7 of its own, 5 of them in an inlined file, and calls memcpy, which costs 40.
PROFILE = """# callgrind format
positions: line
events: Ir
summary: 47

ob=(1) /build/bench/instructions
fl=(1) main.cpp
fn=(1) main
3 2
fi=(2) header.hpp
+1 4
* 1
cob=(2) /lib/libc.so.6
cfi=(3) memcpy.S
cfn=(2) memcpy
calls=2 10
5 40

ob=(2)
fl=(3)
fn=(2)
10 30
-3 10

totals: 47
"""


class Check(unittest.TestCase):
    def test_own_instructions_are_told_from_those_of_callees(self):
        costs = profile_file.read_costs(PROFILE)
        self.assertEqual(costs, {("/build/bench/instructions", "main"): 7, ("/lib/libc.so.6", "memcpy"): 40})
        self.assertEqual(profile_file.of_object(costs, "instructions"), 7)
        self.assertEqual(profile_file.largest(costs, "instructions", 3), [("main", 7)])

    def test_five_per_cent_pass_and_more_does_not(self):
        committed = {"a": {"own": 1000, "all": 2000}}
        self.assertEqual(check.compare(committed, {"a": {"own": 1050, "all": 1900}}), [])
        self.assertEqual(check.compare(committed, {"a": {"own": 1051, "all": 2000}}),
                         ["a: 1,051 instructions of our own functions, +5.1% of 1,000"])
        self.assertEqual(check.compare(committed, {"a": {"own": 1000, "all": 1800}}),
                         ["a: 1,800 instructions with those of libraries, -10.0% of 2,000"])

    def test_a_path_that_is_new_or_gone_is_said(self):
        counts = {"own": 1, "all": 1}
        self.assertEqual(check.compare({"a": counts}, {"b": counts}), ["a: not counted any more", "b: not in counts.json yet"])

    def test_advice_names_function_profile_and_command(self):
        counted = {"a": {"functions": []}, "b": {"functions": [("zoetrope::slow()", 1051)]}}
        text = check.advice(counted, ["b: 1,051 instructions"], Path("build/instructions"))
        for words in ("zoetrope::slow()", "build/instructions/profile.2", "bench/instructions/check.py --update"):
            self.assertIn(words, text)
        self.assertNotIn("profile.1", text)


if __name__ == "__main__":
    unittest.main()
