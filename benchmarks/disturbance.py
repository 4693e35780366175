"""Whether something else had the machine while we measured."""

from __future__ import annotations

from dataclasses import dataclass

#: So much of one core may go to others, or to other guests of the host, before a run counts as
#: disturbed.
OTHERS_AT_MOST, STOLEN_AT_MOST = 0.08, 0.05


@dataclass(frozen=True)
class Quiet:
    """How much of one core went elsewhere: to processes that are not ours, to other guests."""

    others: float
    stolen: float

    @property
    def disturbed(self) -> bool:
        """Whether it was so much that the figures mean less."""
        return self.others > OTHERS_AT_MOST or self.stolen > STOLEN_AT_MOST

    def __str__(self) -> str:
        return f"others {self.others:.0%}, stolen {self.stolen:.0%} of a core"


def judge(*, seconds: float, busy: float, ours: float, stolen: float) -> Quiet:
    """What a run says of the machine.

    Arguments:
        seconds: how long it took.
        busy: seconds of all cores together that were not idle.
        ours: seconds that the processes we know used: server, database, cache, load, ourselves.
        stolen: seconds that the host gave to others while we wanted to run.
    """
    if seconds <= 0:
        raise ValueError("a run takes time")
    return Quiet(max(0.0, busy - ours) / seconds, stolen / seconds)
