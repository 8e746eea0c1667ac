# SPDX-License-Identifier: Apache-2.0
"""A private Slurm cluster of virtual nodes on this host: munged, slurmctld and a slurmd per node, all on loopback.

Nothing of the system's Slurm is touched, and root or any user may start one. A test holds a Cluster, which talks to a
keeper (this file, run as a program) over a pipe. The keeper adopts whatever the cluster leaves behind, so that it can
end every process of it; it does so when the pipe closes, which is also what happens when the test is killed.
"""
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue"]
CPUS_PER_NODE = 4  # may exceed the host's
GPUS_PER_NODE = 2  # of which Slurm only hands out the numbers

CONFIGURATION = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
# Daemons listen on the loopback address alone.
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A requeued job waits until its old credential has expired: 120 s by default, 5 s at least.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
# One for each node, or two nodes' PMIx servers meet in the same folder.
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
# Nodes may have more processors and memory than the host.
SlurmdParameters=config_overrides
GresTypes=gpu
KillWait=30
MinJobAge=3600
# A node that is silent for so long is down, and its jobs are requeued.
SlurmdTimeout=30
SlurmctldTimeout=30
MessageTimeout=60
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs={cpus} Sockets=1 \
CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=4000 Gres=gpu:{gpus} State=UNKNOWN
# A job in the second partition takes the nodes of jobs in the first, which are queued again.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""


def missing_programs():
    return [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]


def parents():
    """The parent of every process."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if fields[0] != "Z":
            table[int(entry.parent.name)] = int(fields[1])
    return table


def descendants(ancestor):
    table = parents()
    found, added = set(), {ancestor}
    while added:
        added = {pid for pid, parent in table.items() if parent in added} - found
        found |= added
    return found


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def has_open(pid, file):
    try:
        return any(os.readlink(entry) == str(file) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


class Cluster:
    """Used by tests. start() returns when all nodes are idle; stop() when no process of the cluster is left."""

    def __init__(self, nodes=4):
        self.nodes = nodes
        # Short and open to all: sockets' names are limited, and munged wants to be reachable.
        self.folder = Path(tempfile.mkdtemp(prefix="zoetrope-slurm-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.keeper = None
        self.keeper_pid = 0
        loopback = {"btl": "self,tcp", "btl_tcp_if_include": "lo", "oob_tcp_if_include": "lo",
                    "orte_tmpdir_base": str(self.folder / "tmp"), "rmaps_base_oversubscribe": "1", "mpi_yield_when_idle": "1"}
        # Two nodes on one host must not share memory as ranks of one node do; a real cluster needs none of this.
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf"),
                            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                            **{f"OMPI_MCA_{name}": value for name, value in loopback.items()}}

    def start(self):
        words = [sys.executable, __file__, str(self.folder), str(self.nodes)]
        self.keeper = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       env=self.environment)
        said = self.keeper.stdout.readline()
        if not said.startswith("ready "):
            raise RuntimeError(f"the Slurm cluster did not start: {said}{self.keeper.stdout.read()}")
        self.keeper_pid = int(said.split()[1])
        return self

    def stop(self):
        if self.keeper is None:
            return
        self.keeper.stdin.close()
        self.keeper.stdout.read()  # ends when the keeper does
        self.keeper.stdout.close()
        self.keeper.wait()
        self.keeper = None

    def call(self, *words, code=0, **options):
        """Runs a command with this cluster as its Slurm; the exit code must be `code`. Returns (stdout, stderr)."""
        options = {"env": self.environment, "timeout": 300, **options}
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
        assert done.returncode == code, f"{words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout, done.stderr

    def job(self, number):
        """What Slurm knows of a job, as a dictionary: JobState, Restarts, ExitCode, BatchHost, ..."""
        text, _ = self.call("scontrol", "-o", "show", "job", number)
        return dict(re.findall(r"(\S+?)=(\S*)", text))

    def queue(self):
        return self.call("squeue", "-h", "-o", "%i %j %T %r")[0].splitlines()

    def wait_for(self, number, *states, seconds=300):
        """Waits until the job is in one of the states, and returns it. A job that has ended otherwise is an error."""
        deadline = time.monotonic() + seconds
        while True:
            job = self.job(number)
            if job["JobState"] in states:
                return job
            assert job["JobState"] in ("PENDING", "RUNNING", "COMPLETING"), f"job {number} is {job}"
            assert time.monotonic() < deadline, f"job {number} is still {job['JobState']}: {job}"
            time.sleep(0.1)

    def processes(self):
        """Names of the cluster's processes that are not its daemons: what jobs run."""
        names = (name_of(pid) for pid in descendants(self.keeper_pid))
        return sorted(name for name in names if name not in ("", "munged", "slurmctld", "slurmscriptd", "slurmd"))

    def pids_named(self, name):
        return [pid for pid in descendants(self.keeper_pid) if name_of(pid) == name]

    def batch_scripts(self):
        """The processes that run job scripts."""
        def is_one(pid):
            try:
                return b"/slurm_script" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 2)[1]
            except (OSError, IndexError):
                return False
        return [pid for pid in descendants(self.keeper_pid) if is_one(pid)]

    def stop_controller(self):
        """Its state is kept; commands of Slurm fail until it is started again, and jobs go on."""
        for pid in self.pids_named("slurmctld"):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not self.pids_named("slurmctld"), "slurmctld does not end")

    def start_controller(self):
        self.keeper.stdin.write("slurmctld\n")
        self.keeper.stdin.flush()

    def crash(self, node):
        """A node loses its power: its daemon and all that its jobs run there are gone, and Slurm hears nothing."""
        log = self.folder / f"log/slurmd.{node}.log"
        below = descendants(self.keeper_pid)
        daemons = [pid for pid in below if name_of(pid) == "slurmd" and has_open(pid, log)]
        steps = [pid for pid in below if name_of(pid) == "slurmstepd" and has_open(pid, log)]
        tasks = set().union(*map(descendants, steps)) - set(steps)
        # Tasks last: a step daemon that outlives them would report that they failed.
        kill_all([*daemons, *steps, *tasks])
        assert daemons, f"no slurmd of {node}"


# ---- The keeper.

def free_ports(count):
    """The first of `count` neighbouring ports that nobody listens on, below those that the kernel gives out."""
    for first in random.sample(range(20000, 30000, count), 100):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for offset, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise RuntimeError("no free ports")


def configure(folder, nodes):
    for name in ("state", "spool", "log", "munge", "tmp", "dev", *(f"tmp/n{i + 1}" for i in range(nodes)),
                 *(f"spool/n{i + 1}" for i in range(nodes))):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    key = folder / "munge/key"
    key.touch(0o600)
    key.write_bytes(os.urandom(128))
    port = free_ports(nodes + 1)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "slurm.conf").write_text(CONFIGURATION.format(
        folder=folder, nodes=nodes, port=port, first=port + 1, last=port + nodes, user=user,
        host=socket.gethostname().split(".")[0], cpus=CPUS_PER_NODE, gpus=GPUS_PER_NODE))
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # not used; keeps the daemons from probing
    for i in range(GPUS_PER_NODE):
        (folder / f"dev/gpu{i}").symlink_to("/dev/null")  # a character device is asked for
    (folder / "gres.conf").write_text(
        f"AutoDetect=off\nNodeName=n[1-{nodes}] Name=gpu File={folder}/dev/gpu[0-{GPUS_PER_NODE - 1}]\n")


def spawn(folder, *words):
    with open(folder / f"log/{words[0]}.out", "ab") as log:
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def start_controller(folder):
    spawn(folder, "slurmctld", "-D", "-i")


def start_daemons(folder, nodes):
    munge = folder / "munge"
    spawn(folder, "munged", "--foreground", f"--socket={munge}/socket", f"--key-file={munge}/key",
          f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
    wait_until(lambda: (munge / "socket").exists(), "munged did not start")
    start_controller(folder)
    for i in range(nodes):
        spawn(folder, "slurmd", "-D", "-N", f"n{i + 1}")

    def idle():
        done = subprocess.run(["sinfo", "-h", "-N", "-p", "main", "-o", "%T"], capture_output=True, text=True)
        return done.stdout.split() == ["idle"] * nodes
    wait_until(idle, "the nodes did not become idle")


def wait_until(condition, complaint, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(complaint)
        time.sleep(0.05)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_everything():
    def nothing_left():
        left = descendants(os.getpid())
        kill_all(left)
        reap()
        return not left
    wait_until(nothing_left, "processes of the cluster cannot be ended")


def keep(folder, nodes):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become this process's children
    try:
        configure(folder, nodes)
        start_daemons(folder, nodes)
        print("ready", os.getpid(), flush=True)
        for _ in sys.stdin:  # a line each time that the controller is to be started anew
            start_controller(folder)
    except (OSError, RuntimeError) as error:
        logs = (f"{path}:\n{path.read_text(errors='replace')[-2000:]}" for path in (folder / "log").glob("*"))
        print(error, *logs, sep="\n", flush=True)
    finally:
        end_everything()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    folder = Path(sys.argv[1])
    if os.fork() != 0:  # not a child of the test: who kills the test and its children does not kill the keeper
        os._exit(0)
    os.setsid()
    os.dup2(os.open("/dev/null", os.O_WRONLY), 2)  # who reads the test's output waits for all who hold it open
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keep(folder, int(sys.argv[2]))


if __name__ == "__main__":
    main()
