# SPDX-License-Identifier: Apache-2.0
"""libgomp, as it was told when it was loaded: threads that wait for others leave them the cores, and all cores are a rank's."""
import json
import os
import subprocess
import unittest

import job


def spin_count(**environment):
    """What libgomp says of itself."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    done = subprocess.run([job.PROGRAM, "--version"], capture_output=True, text=True, timeout=120,
                          env={**own, "OMP_DISPLAY_ENV": "verbose", **environment})
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "GOMP_SPINCOUNT" in line]
    assert len(lines) == 1, done.stderr
    return int(lines[0].split("=")[1].strip(" '"))


def expand(cpus):
    """The numbers of "0-3,8"."""
    return [number for part in cpus.split(",") for first, _, last in [part.partition("-")] for number in range(int(first), int(last or first) + 1)]


class Calm(unittest.TestCase):
    def test_threads_spin_no_longer_than_it_takes_to_wake_them(self):
        self.assertEqual(spin_count(), 1000)

    def test_who_says_how_to_wait_is_heard(self):
        self.assertEqual(spin_count(OMP_WAIT_POLICY="passive"), 0)
        self.assertEqual(spin_count(GOMP_SPINCOUNT="77"), 77)
        self.assertGreater(spin_count(OMP_WAIT_POLICY="active"), 1000000)

    def test_all_cores_are_used_whatever_the_environment_binds(self):
        cores = len(os.sched_getaffinity(0))
        for binding in ({"OMP_PROC_BIND": "close"}, {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"}, {"OMP_PLACES": "{0}"},
                        {"GOMP_CPU_AFFINITY": "0"}):
            with self.subTest(binding=binding), job.scratch() as folder:
                done = subprocess.run([job.PROGRAM, "doctor", "--run", folder, "--device", "cpu", "--json"], capture_output=True, text=True,
                                      timeout=120 * job.SLOWER, env={**os.environ, **binding})
                facts = json.loads(done.stdout)["facts"][0]
                self.assertEqual((facts["threads"], len(expand(facts["cpus"]))), (cores, cores), done.stderr)
                self.assertLessEqual(binding.items(), facts["settings"].items())  # as the user has set them

    def test_the_environment_is_whole_again(self):
        # The folder that PWD names is the one that a relative --run is below, whatever was exchanged.
        with job.scratch() as folder:
            environment = {"PATH": os.environ["PATH"], "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
            done = subprocess.run([job.PROGRAM, "extract", "--run", "none"], capture_output=True, text=True, cwd=folder, env=environment)
            self.assertEqual((done.returncode, done.stderr), (3, "zoetrope: none: is not a directory\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
