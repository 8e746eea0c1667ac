# SPDX-License-Identifier: Apache-2.0
"""Pages and animations as notebooks show them."""

import base64
import html
from dataclasses import dataclass, field
from pathlib import Path

_KINDS = {".gif": "image/gif", ".webp": "image/webp", ".mp4": "video/mp4"}


@dataclass(frozen=True)
class Shown:
    """Something that Jupyter, and all that knows `_repr_html_`, shows where it is the value of a cell."""

    path: Path
    source: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.source


def show_page(path: Path, height: int) -> Shown:
    """The page in a frame, which holds all of it. Its scripts do not reach the notebook."""
    page = path.read_text("utf-8").replace("&", "&amp;").replace('"', "&quot;")  # html.escape would make a tenth more of it
    return Shown(path, f'<iframe srcdoc="{page}" sandbox="allow-scripts allow-downloads" width="100%" height="{height}" '
                       f'style="border: 0" title="{html.escape(str(path))}"></iframe>')


def show_animation(path: Path) -> Shown:
    """The animation, which is repeated for ever."""
    data = f"data:{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
    if path.suffix == ".mp4":
        return Shown(path, f'<video src="{data}" style="max-width: 100%" autoplay loop muted controls></video>')
    return Shown(path, f'<img src="{data}" style="max-width: 100%" alt="{html.escape(str(path))}">')
