# SPDX-License-Identifier: Apache-2.0
"""What the tests of the job scripts share: a cluster for each test file, a way to submit, results to compare with."""
import os
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "slurm"
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support")]

import job  # noqa: E402
import require  # noqa: E402
from cluster import Cluster, missing_programs  # noqa: E402

# A run of a few seconds; and one that is long enough to be disturbed.
SMALL = ["--train-limit", "640", "--test-limit", "300", "--max-steps", "10", "--save-steps", "5", "--logging-steps", "5",
         "--learning-rate", "1e-3", "--size", "640x360", "--threads", "1", "--no-progress"]
LONGER = [*SMALL[:4], "--max-steps", "120", "--save-steps", "20", *SMALL[8:]]
TWO_NODES = ["--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=1"]


class SlurmTest(unittest.TestCase):
    """Every test has an empty working directory, whose name no shell may look into."""
    NODES = 4

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.NODES)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        folder = tempfile.TemporaryDirectory(prefix="zoetrope-test $(touch evil) ' * ", dir=os.getcwd())
        cls.addClassCleanup(folder.cleanup)
        cls.root = Path(folder.name)
        cls.references = {}

    def setUp(self):
        self.folder = self.root / self._testMethodName
        self.folder.mkdir()
        self.addCleanup(self.nothing_goes_on)

    def reference(self, options):
        """The run directory of the same work on two ranks without Slurm."""
        key = tuple(options)
        if key not in self.references:
            self.references[key] = self.root / f"reference-{len(self.references)}"
            job.run(["run", "--run", self.references[key], *options], ranks=2)
        return self.references[key]

    def call(self, *words, code=0, **variables):
        """Runs a command of Slurm, or a script that uses them. Returns (stdout, stderr)."""
        environment = {**self.cluster.environment, "ZOETROPE_HOME": str(ROOT), **variables}
        return self.cluster.call(*words, code=code, cwd=self.folder, env=environment)

    def submit(self, script, *words, size=TWO_NODES, **variables):
        """Queues a job script; its output goes to `log`. Returns the job's number."""
        return self.call("sbatch", "--parsable", *size, "--output=log", SCRIPTS / script, *words, **variables)[0].strip()

    def said(self, log="log"):
        path = self.folder / log
        return path.read_text() if path.exists() else ""

    def finish(self, number, state="COMPLETED"):
        """Waits for the end, which must be this one. Returns what Slurm knows of the job."""
        try:
            return self.cluster.wait_for(number, state)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from None

    def wait_until(self, condition, seconds=300):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"what the test waits for did not come\n{self.said()}")
            time.sleep(0.02)

    def wait_for_training(self, run="run"):
        """Until the first of LONGER's checkpoints is there."""
        self.wait_until(lambda: (self.folder / run / "checkpoint-20").exists())

    def assert_still_training(self, run="run"):
        self.assertFalse((self.folder / run / "checkpoint-120").exists(), "too late to test anything")

    def assert_same_as_reference(self, run, options):
        job.assert_same_results(self.reference(options), self.folder / run)
        job.assert_no_leftovers(self.folder / run)
        self.assertGreater((self.folder / run / "animation.gif").stat().st_size, 1000)

    def nothing_goes_on(self):
        """A test leaves no job and no process; and nothing of what it was called with was run by a shell."""
        queue = [line.split()[0] for line in self.cluster.queue()]
        if queue:
            self.call("scancel", *queue)
        self.wait_until(lambda: not self.cluster.queue())
        self.wait_until(lambda: not self.cluster.processes())
        self.assertEqual(list(self.root.rglob("evil")), [])


def main():
    missing = missing_programs()
    if missing:
        require.skip("slurm", f"no {', '.join(missing)}: script/bootstrap --peers installs Slurm")
    unittest.main()
