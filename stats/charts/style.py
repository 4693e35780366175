"""The colours of the charts, for light and dark, and the style that every chart carries.

Elements have the light colours as attributes as well, for programs that read no style. The
pairs reach 4.5 to 1 for text and 3 to 1 for bars, on their background.
"""

from __future__ import annotations

import base64
from hashlib import sha256

#: What a class paints: name, light, dark.
INKS = {
    "paper": ("#ffffff", "#161a20"),
    "ink": ("#1d2530", "#e7eaef"),
    "soft": ("#56606d", "#a8b1bd"),
    "line": ("#dfe3e8", "#333b46"),
    "empty": ("#eef1f4", "#232931"),
    "first": ("#2a6ca8", "#6fb1e8"),
    "second": ("#b0531c", "#f0a070"),
    "third": ("#3f7a3a", "#93cb86"),
    "fourth": ("#8a5aa8", "#c9a2e6"),
    "fifth": ("#717b88", "#8d97a5"),
}
LIGHT = {name: light for name, (light, _dark) in INKS.items()}
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"


def _variables(which: int) -> str:
    return "".join(f"--bb-{name}:{pair[which]};" for name, pair in INKS.items())


STYLE = (
    f".bb-chart{{{_variables(0)}color-scheme:light dark;max-width:100%;height:auto}}"
    f"@media (prefers-color-scheme:dark){{.bb-chart{{{_variables(1)}}}}}"
    f".bb-chart text{{font-family:{FONT}}}"
    + "".join(f".bb-{name}{{fill:var(--bb-{name})}}" for name in INKS)
    + ".bb-chart line{stroke:var(--bb-line)}"
)

#: How a content policy names the style.
STYLE_SOURCE = f"'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'"
