# SPDX-License-Identifier: Apache-2.0
"""A Debian with what it cannot do without (debootstrap's minbase), and commands in it by an ordinary user."""
import os
import shutil
import subprocess
from pathlib import Path

USER = 12345
PLACE = "/opt/a place"  # of the bundle: a space in its path, and nothing there can be written
TORCH = "/opt/python/torch"  # of the machine, where the bundle has none

# In namespaces of its own, which end with all that still runs in them.
SCRIPT = r"""
set -e
root=$1 bundle=$2 work=$3 python=$4 user=$5
shift 5
read_only() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --bind "$work" "$root/work"
read_only "$bundle" "$root/opt/a place"
[ -z "$python" ] || read_only "$python" "$root/opt/python"
exec chroot --userspec="$user:$user" "$root" "$@"
"""


def set_up(folder, packages=()):
    """The root of one, which is made once and kept in `folder`, with these packages of Debian and what they need."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise SystemExit("a bare Debian takes root, and debootstrap: script/bootstrap --peers installs it")
    root, part = folder / "bare-debian", folder / "bare-debian.part"
    if not root.exists():
        shutil.rmtree(part, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["debootstrap", "--variant=minbase", *([f"--include={','.join(packages)}"] if packages else []), codename(), part],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SystemExit(f"debootstrap made no Debian (is there a network?): {done.stdout[-500:]}")
        for place in (PLACE, "/opt/python", "/work"):
            (part / place[1:]).mkdir(parents=True)
        part.rename(root)
    return root


def codename():
    """Of the Debian whose libraries are in the bundle: this machine's."""
    words = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return words["VERSION_CODENAME"].strip('"')


def run(root, bundle, work, command, python=None, code=0):
    """Standard output and error of a command there; its exit code must be `code`. `python` is the site-packages of its torch."""
    for path in (work, *work.rglob("*")):
        os.chown(path, USER, USER)
    environment = ["HOME=/work", "PATH=/usr/bin:/bin", *([f"ZOETROPE_TORCH={TORCH}"] if python else [])]
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh", root, bundle, work,
                           python or "", str(USER), "env", "-i", "-C", "/work", *environment, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == code, f"{command}: exit code {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr
