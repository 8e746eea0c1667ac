# SPDX-License-Identifier: Apache-2.0
"""Which libraries go along."""

import collections
import re
from pathlib import Path

import elf
import standin


class Closure:
    """All that `roots`, programs and plug-ins, need, themselves and through one another, except glibc and what `elsewhere` matches,
    names of libraries.

    libraries   {name: path}: copied
    stand_ins   {name: (path, users)}: replaced by libraries that do nothing (standin.py)
    torch       paths: libtorch, and what its wheel brings beside it
    """

    def __init__(self, roots, site_packages, elsewhere=None):
        self.libraries, self.torch = {}, set()
        self._site_packages = site_packages
        uncalled = collections.defaultdict(dict)
        waiting = [(root, elf.places(root)) for root in roots]
        seen = set()
        while waiting:
            user, places = waiting.pop()
            if user in seen:
                continue
            seen.add(user)
            for name in elf.needed(user):
                if elsewhere and re.fullmatch(elsewhere, name):
                    continue
                path = places[name]
                if not standin.is_called(user, name):
                    uncalled[name][user] = path
                elif self._is_torch(path):
                    self.torch.add(path.resolve())
                    waiting.append((path, places))
                else:
                    self.libraries[name] = path
                    waiting.append((path, places))
        self.stand_ins = {name: (next(iter(paths.values())), list(paths)) for name, paths in uncalled.items() if name not in self.libraries}

    def torch_folders(self):
        """Where they lie in an environment: torch/lib, and with CUDA nvidia/nccl/lib and others."""
        return sorted({str(path.relative_to(self._site_packages).parent) for path in self.torch})

    def _is_torch(self, path):
        path = path.resolve()
        return path.is_relative_to(self._site_packages) and path.relative_to(self._site_packages).parts[0] in ("torch", "nvidia")
