# SPDX-License-Identifier: Apache-2.0
"""What may go wrong here while somebody's model is trained must not end the training."""

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec

from zoetrope.folder import AnotherTraining

P = ParamSpec("P")


class ZoetropeWarning(UserWarning):
    """Something of the animation could not be done; the training has gone on."""


def warn(problem: object) -> None:
    warnings.warn(f"zoetrope: {problem}; the training goes on", ZoetropeWarning, stacklevel=3)


def harmless(method: Callable[P, None]) -> Callable[P, None]:
    """A method whose exceptions become warnings. Ctrl-C is none of them, nor is a run of another training."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except AnotherTraining:
            raise
        except Exception as problem:
            plain = "" if isinstance(problem, KeyError) else str(problem)  # of which the text is the key alone
            warn(plain or repr(problem))

    return call
