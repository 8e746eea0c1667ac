# SPDX-License-Identifier: Apache-2.0
"""What zoetrope doctor says of hosts, networks and file systems that are not as they should be. They are made of Linux's namespaces."""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("e2e", "support")]

import job  # noqa: E402
import require  # noqa: E402

AS_ROOT = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
PROBE = "ip link add net0 type veth peer name net1 && mount -t tmpfs none /mnt && hostname alpha"


def require_namespaces():
    done = subprocess.run(["unshare", *AS_ROOT, "--net", "--mount", "--uts", "sh", "-c", PROBE], capture_output=True, text=True)
    if done.returncode != 0:
        require.skip("namespaces", "no namespaces of network, mounts and host names can be had, or no iproute2: " + done.stderr.strip())


class Hosts(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.disk = self.root / "disk"  # where the run directory would be
        self.disk.mkdir()

    def doctor(self, *options):
        return [job.PROGRAM, "doctor", "--run", str(self.disk / "run"), *options]

    def call(self, command, code):
        # The root of a user's namespace may not look into the folder that root's own jobs have in /tmp.
        with tempfile.TemporaryDirectory(prefix="zt-", dir="/tmp") as temporary:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "TMPDIR": temporary})
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        self.assertEqual(list(self.disk.iterdir()), [], "left behind")
        return done.stdout, done.stderr

    def on_two_hosts(self, fault, *options, code=0, ranks=2):
        """Two ranks of each host, or one. They talk over the second network, mpirun over the first."""
        each = ranks // 2
        agent = self.root / "agent"
        mpirun = [*job.MPIRUN, "--host", f"10.9.0.1:{each},10.9.0.2:{each}", "--mca", "plm_rsh_agent", str(agent),
                  "--mca", "oob_tcp_if_include", "10.9.0.0/24", "--mca", "btl_tcp_if_include", "10.9.1.0/24",
                  "--mca", "btl_vader_single_copy_mechanism", "none", "-n", str(ranks)]
        return self.call(["unshare", *AS_ROOT, "--net", "--mount", "--uts", HERE / "two_hosts.sh", agent, fault, self.disk, *mpirun,
                          *self.doctor(*options)], code)

    def with_disk(self, mount, code, ranks=1):
        """The run directory's disk is mounted with these options."""
        launch = [] if ranks == 1 else [*job.MPIRUN, "-n", str(ranks)]
        script = f'mount -t tmpfs -o {mount} none "$0" && exec "$@"'
        return self.call(["unshare", *AS_ROOT, "--mount", "sh", "-c", script, self.disk, *launch, *self.doctor()], code)

    def assert_line(self, pattern, text):
        self.assertRegex(text, re.compile(pattern, re.MULTILINE))

    def test_two_hosts_that_are_well(self):
        out, _ = self.on_two_hosts("none", ranks=4)
        self.assert_line(r"^alpha +0-1 .*\nbeta +2-3 ", out)
        self.assert_line(r"^ok +launch +4 ranks on 2 hosts, started by mpirun$", out)
        self.assert_line(r"^ok +clocks +within \d+\.\d ms of one another$", out)
        self.assert_line(rf"^(ok|warning) +run directory +{self.disk}: .*, shared by all hosts, ", out)
        self.assert_line(r"^ok +hosts over mpi +alpha and beta: [\d.]+ [MG]B/s, [\d.]+ [um]s$", out)
        self.assert_line(r"^slowest pairs of hosts .*\nalpha +beta +mpi ", out)

    def test_a_host_without_the_shared_directory(self):
        out, _ = self.on_two_hosts("apart", code=4)
        self.assert_line(rf"^wrong +run directory +{self.disk} is not shared: what alpha writes there is not seen by beta\n"
                         " +-> give a --run on a file system that all hosts mount under the same path$", out)
        self.assert_line(r"^ok +values over mpi", out)

    def test_a_network_that_is_blocked(self):
        out, errors = self.on_two_hosts("blocked", "--timeout", "30", code=4)
        self.assert_line(r'^wrong +unfinished +in the step "starting": after 12 s, seen from rank 0 on alpha: all have started \(rank 0 on '
                         r"alpha, rank 1 on beta\), and have not met over MPI; from alpha, beta answers over TCP at 10\.9\.0\.2 \(net0\), "
                         r"and not at 10\.9\.1\.2 \(net1\)\n +-> open all ports between the hosts \(firewall\), or have MPI take a network "
                         "that answers: OMPI_MCA_btl_tcp_if_include", out)
        self.assertEqual(errors.count("the job is ended"), 1, errors)

    def test_a_full_disk(self):
        for ranks in 1, 2:
            out, _ = self.with_disk("size=1m", code=4, ranks=ranks)
            self.assert_line(rf"^wrong +run directory +{self.disk}, from \S+: a new file: cannot be written \(.*\): No space left on device\n"
                             " +-> make room", out)

    def test_a_disk_that_is_read_only(self):
        for ranks in 1, 2:
            out, _ = self.with_disk("ro", code=4, ranks=ranks)
            self.assert_line(rf"^wrong +run directory +{self.disk}/\S+: .*Read-only file system\n"
                             " +-> make room, or mend its permissions", out)

    def test_a_disk_that_is_memory(self):
        out, _ = self.with_disk("size=100m", code=0)
        self.assert_line(rf"^warning +run directory +{self.disk}: \S+ MiB are free\n", out)
        self.assert_line(rf"^warning +run directory +{self.disk} is memory \(tmpfs\)", out)


if __name__ == "__main__":
    require_namespaces()
    unittest.main()
