# SPDX-License-Identifier: Apache-2.0
"""What zoetrope doctor says where all is well, and where something is wrong: in time, in words, and with the right code."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("e2e", "support")]

import job  # noqa: E402

HOST = socket.gethostname()
END_WITHIN_S = 60
FAULTS = os.environ["ZOETROPE_PLANTED_FAULTS"]


class Doctor(unittest.TestCase):
    ONE_CORE = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))]

    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.run_folder = self.root / "runs" / "first"  # not there yet

    def visit(self, *options, ranks=1, code=0, launch=(), before=(), ends_within=END_WITHIN_S, leaves=()):
        """What it prints, on both streams. `launch` are mpirun's options, `before` is what starts each rank, `leaves` a pattern of
        names that may be left behind."""
        words = [*before, job.PROGRAM, "doctor", "--run", str(self.run_folder), *options]
        launcher = [] if ranks == 1 and not launch else [*job.MPIRUN, *launch, "-n", str(ranks)]
        start = time.monotonic()
        done = subprocess.run([*launcher, *words], capture_output=True, text=True, timeout=240)
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        self.assertLess(seconds, ends_within, done.stdout)
        left = [path for path in self.root.rglob("*") if "zoetrope" in path.name and not any(map(path.match, leaves))]
        self.assertEqual(left, [], "left behind")
        return done.stdout, done.stderr

    def visit_with_fault(self, fault, rank, *words, **options):
        launch = [*options.pop("launch", ()), "-x", f"LD_PRELOAD={FAULTS}", "-x", f"DOCTOR_FAULT={fault}", "-x",
                  f"DOCTOR_FAULT_RANK={rank}"]
        return self.visit(*words, launch=launch, **options)

    def assert_line(self, pattern, text):
        self.assertRegex(text, re.compile(pattern, re.MULTILINE))

    def test_all_is_well(self):
        for ranks in 1, 2, 4:
            with self.subTest(ranks=ranks):
                out, errors = self.visit(ranks=ranks)
                self.assertEqual(errors, "")
                self.assert_line(rf"^{HOST} +0{'' if ranks == 1 else f'-{ranks - 1}'} ", out)
                self.assert_line(rf"^ok +launch +{ranks} ranks? on 1 host", out)
                self.assert_line(rf"^(ok|warning) +run directory +{self.root}: .* free, .*flushed in", out)
                self.assert_line(r"^ok +values over mpi +every collective gives what it should$", out)
                self.assert_line(r"^Nothing is wrong(, \d warnings?)?\.$", out)
                self.assert_line(r"^libtorch_cpu +/.*/libtorch_cpu.so$", out)
                self.assertEqual("all_reduce of" in out, ranks > 1)
                self.assertEqual(list(self.root.iterdir()), [], "the run directory is not the doctor's to make")

    def test_more_ranks_than_cores(self):
        out, _ = self.visit(ranks=2, before=self.ONE_CORE)
        self.assert_line(rf"^warning +cores +{HOST}: 2 ranks on 1 core\n +-> start fewer ranks there", out)

    def test_more_threads_than_cores(self):
        out, _ = self.visit("--threads", "64")
        self.assert_line(rf"^warning +cores +{HOST}: its ranks compute with 64 threads on \d+ cores?\n +-> leave out --threads", out)

    def test_ranks_that_are_bound_to_single_cores(self):
        out, _ = self.visit(before=self.ONE_CORE)
        bound = rf"^warning +cores +{HOST}: its ranks may run on 1 core of \d+\n +-> mpirun binds ranks"
        self.assert_line(bound if os.cpu_count() > 1 else r"^ok +cores ", out)

    def test_for_machines(self):
        out, errors = self.visit("--json", ranks=2)
        self.assertEqual(errors, "")
        found = json.loads(out)
        self.assertEqual((found["ranks"], found["is_wrong"], len(found["facts"])), (2, False, 2))
        self.assertLess(found["seconds"], END_WITHIN_S)
        verdicts = {check["check"]: check["verdict"] for check in found["checks"]}
        self.assertEqual((verdicts["libraries"], verdicts["run directory"], verdicts["values over mpi"]), ("ok", verdicts["run directory"], "ok"))
        facts = found["facts"][1]
        self.assertEqual((facts["rank"], facts["host"], facts["started_by"]), (1, HOST, "mpirun"))
        self.assertIn("libmpi", {library["name"] for library in facts["libraries"]})
        times = {(time["operation"], time["bytes"]): time["seconds"] for time in found["collectives"]}
        self.assertEqual({operation for operation, _ in times},
                         {"barrier", "broadcast", "all_reduce", "reduce", "reduce_scatter", "gather", "all_gather"})
        self.assertGreater(times["all_reduce", 4 << 20], 0)

    def test_wrong_words(self):
        for ranks in 1, 2:
            _, errors = self.visit("--tiemout", "40", ranks=ranks, code=2)
            self.assertEqual(errors.count("did you mean --timeout?"), 1, errors)
        self.assertIn("--timeout must be 30 to 3600", self.visit("--timeout", "3", code=2)[1])
        self.assertIn("takes no --fps", self.visit("--fps", "3", code=2)[1])

    def test_help_and_the_list_of_jobs_name_it(self):
        self.assertIn("ends within so long, whatever hangs", job.run(["doctor", "--help"])[0])
        self.assertIn("zoetrope doctor", job.run(["--help"])[0])

    def test_a_sum_is_wrong(self):
        out, _ = self.visit_with_fault("wrong-sum", 1, ranks=2, code=4)
        self.assert_line(r"^wrong +values over mpi +all_reduce of float32, sums: wrong on rank 1\n +-> trust no result", out)
        self.assertNotIn("ok       values", out)

    def test_a_clock_is_ahead(self):
        out, _ = self.visit_with_fault("clock-ahead", 1, ranks=2)
        self.assert_line(rf"^warning +clocks +{HOST} is 5.0 s ahead of {HOST}\n +-> set its clock", out)

    def test_a_file_system_without_locks(self):
        out, _ = self.visit_with_fault("no-locks", 0, ranks=2)
        self.assert_line(rf"^warning +run directory +{self.root}, from {HOST}: no locks \(No locks available\)\n"
                         " +-> jobs in one", out)

    def test_a_library_is_loaded_twice(self):
        libraries = []
        for folder in "one", "two":
            (self.root / folder).mkdir()
            libraries.append(str(self.root / folder / "libnccl.so.2"))
            shutil.copy(os.environ["ZOETROPE_ANOTHER_LIBRARY"], libraries[-1])
        out, _ = self.visit(launch=["-x", "LD_PRELOAD=" + ":".join(libraries)], ranks=2, code=4)
        self.assert_line(rf"^wrong +libraries +libnccl is loaded more than once in ranks 0-1: {libraries[0]} and {libraries[1]}\n"
                         " +-> leave one of them out of LD_LIBRARY_PATH", out)

    def test_a_library_is_another_on_one_rank(self):
        library = self.root / "libnccl.so.2"
        shutil.copy(os.environ["ZOETROPE_ANOTHER_LIBRARY"], library)
        out, _ = self.visit(ranks=2, code=4, before=self.on_rank(1, f"export LD_PRELOAD={library}"))
        self.assert_line(r"^wrong +libraries +libnccl is not the same everywhere: none on rank 0, libnccl.so.2 \(\d+ bytes\) on rank 1", out)

    def test_settings_that_did_not_reach_all(self):
        out, _ = self.visit(ranks=2, before=self.on_rank(1, "export NCCL_SOCKET_IFNAME=eth7"))
        self.assert_line(r"^warning +settings +NCCL_SOCKET_IFNAME differs: none on rank 0, eth7 on rank 1\n +-> .* -x NCCL_SOCKET_IFNAME", out)

    def on_rank(self, rank, command):
        """What starts a rank: `command` of a shell comes before the program on rank `rank`."""
        script = self.root.parent / f"{self.root.name}-start"
        script.write_text(f'#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" != {rank} ] || {command}\nexec "$@"\n')
        script.chmod(0o755)
        self.addCleanup(script.unlink, missing_ok=True)
        return [str(script)]

    def test_a_rank_that_never_starts(self):
        out, errors = self.visit("--timeout", "30", ranks=3, code=4, before=self.on_rank(1, "exec sleep 1000"))
        expected = rf"after 12 s, seen from rank 0 on {HOST}: rank 1 has not started: no such process has written into {self.root} " \
                   rf"\(ranks 0,2 on {HOST} did\)"
        self.assert_line(expected, errors)
        self.assert_line(r'^wrong +unfinished +in the step "starting": ' + expected, out)
        self.assert_line(r"^1 thing is wrong\.$", out)

    def stop_in_the_middle(self, rank, ranks, *options):
        """A rank stands still once the doctor has begun to look at files. Returns what is printed."""
        launch = [*job.MPIRUN, "-x", f"LD_PRELOAD={FAULTS}", "-n", str(ranks)]
        process = subprocess.Popen([*launch, job.PROGRAM, "doctor", "--run", str(self.run_folder), "--timeout", "30", *options],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        job.wait_for(lambda: any(self.root.glob(".zoetrope-doctor.*")), process)
        stopped = job.ranks_of(process)[rank]
        os.kill(stopped, signal.SIGSTOP)
        start = time.monotonic()
        out, errors = process.communicate(timeout=100)
        self.assertLess(time.monotonic() - start, 30)
        self.assertEqual(process.returncode, 4, f"{out}\n{errors}")
        self.assertEqual(list(self.root.iterdir()), [], "left behind")
        return out, errors

    def test_a_rank_stands_still(self):
        out, errors = self.stop_in_the_middle(1, 3)
        self.assert_line(rf"it hangs: rank \d \({HOST}\) has waited \d+ s in a collective \(.*\) in stage \"doctor: .*"
                         rf"ranks that have not reached it: (silent: )?rank 1 \({HOST}\)", errors)
        self.assert_line(rf"^{HOST} +0-2 ", out)
        self.assert_line(r'^wrong +unfinished +in the step ".*": it hangs: .*rank 1', out)

    def test_rank_0_stands_still(self):
        out, errors = self.stop_in_the_middle(0, 2, "--json")
        self.assert_line(rf"it hangs: rank 0 \({HOST}\) has not been heard of for \d+ s; it was in stage", errors)
        last = json.loads(out)["checks"][-1]
        self.assertEqual((last["verdict"], last["check"]), ("wrong", "unfinished"))

    def test_a_file_system_that_does_not_answer(self):
        for ranks in 1, 2:
            with self.subTest(ranks=ranks):
                out, _ = self.visit_with_fault("flush-hangs", 0, "--timeout", "30", ranks=ranks, code=4)
                self.assert_line(r'^wrong +unfinished +in the step "run directory: writing, flushing and renaming": ', out)
                self.assert_line(r"^ +-> the file system does not answer there", out)

    def test_the_folder_for_marks_cannot_be_made_or_removed(self):
        out, _ = self.visit_with_fault("mkdir-hangs", "all", "--timeout", "30", ranks=2, code=4, ends_within=100)
        self.assert_line(r'^wrong +unfinished +in the step "run directory: making a folder for the ranks\' marks": it has not ended', out)
        self.assert_line(r"^ +-> the file system does not answer there", out)
        out, errors = self.visit_with_fault("remove-hangs", "all", "--timeout", "30", ranks=2, code=4, ends_within=100,
                                            leaves=[".zoetrope-doctor-job-*", ".zoetrope-doctor-job-*/*"])
        self.assert_line(r"^ok +values over mpi", out)
        self.assert_line(rf"the report is printed, but it has not ended \d+ s after the start .*: {self.run_folder} may not answer", errors)


if __name__ == "__main__":
    unittest.main()
