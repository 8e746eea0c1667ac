# SPDX-License-Identifier: Apache-2.0
"""python -m zoetrope: the command `zoetrope`."""

from zoetrope.native import main

main()
