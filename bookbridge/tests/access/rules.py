"""The recurring rules of the access table, as statuses for each kind of reader."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bookbridge.tests.access.world import KINDS, VISIBILITIES


@dataclass(frozen=True)
class Rule:
    """Statuses by visibility, each in the order of KINDS; `ok` stands for the good one.

    Attributes:
        body: what to send, or a function of the world and the kind of reader.
        headers: further headers, or a function of the world.
        others: statuses that a kind gets in place of the rule's (`{"public": {"owner": 409}}`).
    """

    public: str
    private: str
    hidden: str
    ok: int = 200
    body: Any = None
    headers: Any = None
    others: tuple[tuple[str, str, int], ...] = ()

    def __call__(self, ok: int, body: Any = None, **changes: Any) -> Rule:
        """The same rule for another good status and body."""
        return replace(self, ok=ok, body=body, **changes)

    def expected(self, visibility: str) -> dict[str, int]:
        """The status for each kind of reader."""
        words = getattr(self, visibility).split()
        assert len(words) == len(KINDS), (visibility, words)
        expected = {
            kind: self.ok if word == "ok" else int(word)
            for kind, word in zip(KINDS, words, strict=True)
        }
        for where, kind, status in self.others:
            if where in (visibility, "all"):
                expected[kind] = status
        return expected


def same(statuses: str, **changes: Any) -> Rule:
    """A rule that does not depend on the visibility of a club."""
    return Rule(**dict.fromkeys(VISIBILITIES, statuses), **changes)


# The order is that of KINDS: anonymous, stranger, invited, member, club moderator, owner,
# former, banned, site moderator, suspended, admin.
EVERYBODY = same("ok ok ok ok ok ok ok ok ok 401 ok")
#: Routes that do not look at the token.
BLIND = same("ok ok ok ok ok ok ok ok ok ok ok")
READERS = same("401 ok ok ok ok ok ok ok ok 401 ok")
SITE_MODERATORS = same("401 403 403 403 403 403 403 403 ok 401 ok")
SITE_ADMINS = same("401 403 403 403 403 403 403 403 403 401 ok")
#: The card of a club.
CARD = Rule(
    public="ok ok ok ok ok ok ok 404 ok 401 ok",
    private="ok ok ok ok ok ok ok 404 ok 401 ok",
    hidden="404 404 ok ok ok ok 404 404 404 401 404",
)
#: The content of a club.
CONTENT = Rule(
    public="ok ok ok ok ok ok ok 404 ok 401 ok",
    private="401 403 403 ok ok ok 403 404 403 401 403",
    hidden="404 404 403 ok ok ok 404 404 404 401 404",
)
#: Things of a club with an address of their own.
THINGS = Rule(
    public="ok ok ok ok ok ok ok 404 ok 401 ok",
    private="404 404 404 ok ok ok 404 404 404 401 404",
    hidden="404 404 404 ok ok ok 404 404 404 401 404",
)
MEMBERS = Rule(
    public="401 403 403 ok ok ok 403 404 403 401 403",
    private="401 403 403 ok ok ok 403 404 403 401 403",
    hidden="404 404 403 ok ok ok 404 404 404 401 404",
)
STAFF = Rule(
    public="401 403 403 403 ok ok 403 404 403 401 403",
    private="401 403 403 403 ok ok 403 404 403 401 403",
    hidden="404 404 403 403 ok ok 404 404 404 401 404",
)
OWNER = Rule(
    public="401 403 403 403 403 ok 403 404 403 401 403",
    private="401 403 403 403 403 ok 403 404 403 401 403",
    hidden="404 404 403 403 403 ok 404 404 404 401 404",
)
