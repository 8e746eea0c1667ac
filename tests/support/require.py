# SPDX-License-Identifier: Apache-2.0
"""What tests must not be left out for want of: ZOETROPE_REQUIRE in the environment, a list such as peers,slurm.

A test that cannot run without something is skipped by a function of this module alone: where the list names what is missing, that is
a failure. cmake/require.cmake does the same for tests that are not registered.
"""
import contextlib
import importlib.util
import os
import shutil
import sys
import unittest

SKIPPED = 77  # SKIP_RETURN_CODE in the CMakeLists.txt
THINGS = ("peers", "slurm", "nccl", "chromium", "parquet", "faiss", "namespaces", "valgrind", "simgrid")


def fail_if_required(thing, reason):
    required = [word for word in os.environ.get("ZOETROPE_REQUIRE", "").split(",") if word]
    for word in (*required, thing):
        if word not in THINGS:
            sys.exit(f"failed, since ZOETROPE_REQUIRE names '{word}', which is none of: {', '.join(THINGS)}")
    if thing in required:
        sys.exit(f"failed, since ZOETROPE_REQUIRE names {thing}: {reason}")


def skip(thing, reason):
    """Ends this program as one that is skipped for want of `thing`."""
    fail_if_required(thing, reason)
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


@contextlib.contextmanager
def imports():
    """Around imports of the peers: where one is missing, this program is skipped."""
    try:
        yield
    except ImportError as missing:
        skip("peers", f"{missing}: script/bootstrap --peers installs it")


def unless(condition, thing, reason):
    """Decorates a test or a class of them."""
    if not condition:
        fail_if_required(thing, reason)
    return unittest.skipUnless(condition, reason)


def package(name, home="peers"):
    """Decorates what needs a package of Python. `home` is the environment that has it, .venv with the peers or .venv-viewers, and
    ZOETROPE_TEST_PYTHON the one that this is: in the other it may be missing, since the test is run in both."""
    is_there = importlib.util.find_spec(name.split(".")[0]) is not None
    reason = f"{name} is not installed here: script/bootstrap --peers installs it"
    if os.environ.get("ZOETROPE_TEST_PYTHON", home) == home:
        return unless(is_there, "peers", reason)
    return unittest.skipUnless(is_there, reason)


def chromium():
    """The paths of a Chromium and its driver, None where there is none, and what to say then."""
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    return browser, driver, "no chromium with chromedriver: script/bootstrap --peers installs them where apt has them"
