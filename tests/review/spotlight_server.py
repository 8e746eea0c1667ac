# SPDX-License-Identifier: Apache-2.0
"""The program `spotlight` with a file of ours, for the tests beside this file."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path


def kill_all_at_home_in(home):
    """Spotlight leaves workers behind that it has only just started, in a session of their own."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if f"HOME={home}".encode() in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)


@contextlib.contextmanager
def spotlight(program, path):
    """Runs it on a free port and gives the address, once it answers there."""
    with tempfile.TemporaryDirectory() as home:  # where it keeps settings and caches
        environment = {**os.environ, "HOME": home, "SPOTLIGHT_OPT_OUT": "1", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen([program, path, "--host", "127.0.0.1", "--port", "auto", "--no-browser"], env=environment,
                                   stdout=subprocess.PIPE, text=True)
        try:
            for line in process.stdout:
                if match := re.search(r"running on (http://\S+?)/?\s", line):
                    break
            else:
                raise AssertionError(f"spotlight ended with {process.wait()} before it answered")
            yield match[1]
        finally:
            process.terminate()
            process.communicate()
            kill_all_at_home_in(home)
