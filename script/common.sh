# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# OpenMPI refuses to start as root unless told twice.
if [[ $(id -u) == 0 ]]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# The build's own cmake where the system's is too old (Ubuntu 22.04 has 3.22).
[[ -x .venv/bin/cmake ]] && PATH="$root/.venv/bin:$PATH"
export PATH
