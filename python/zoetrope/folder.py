# SPDX-License-Identifier: Apache-2.0
"""The run directory that `run=` names."""

import os
from pathlib import Path


def folder_of(run: str | os.PathLike[str]) -> Path:
    """Its path; a leading ~ is the home directory, as in a shell."""
    return Path(run).expanduser()
