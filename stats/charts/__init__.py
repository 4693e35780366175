"""Statistics drawn as SVG: pure functions from the plain dicts of `stats.queries` to text.

Every chart is one document that stands alone: a title, the same numbers in words, colours for
light and dark, nothing fetched and nothing run. `STYLE` is the only style in it, and a constant,
so that a content policy can name it by its digest.
"""

from stats.charts.completion import completion_chart
from stats.charts.histogram import histogram_chart
from stats.charts.months import months_chart
from stats.charts.ranking import ranking_chart
from stats.charts.style import STYLE, STYLE_SOURCE

__all__ = [
    "STYLE",
    "STYLE_SOURCE",
    "completion_chart",
    "histogram_chart",
    "months_chart",
    "ranking_chart",
]
