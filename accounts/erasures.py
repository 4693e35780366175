"""The ledger of readers who left: kept outside the database, so that no backup brings them back.

`settings.ERASURE_LEDGER` names a file to which every erasure appends one line: the moment, and a
digest of the reader's `uid`. The `uid` is random and says nothing of a person; its digest says
less. After a restore everybody whose digest stands here is erased again.

Who asked to leave, and who changed their mind, is there too, so that a backup from before does
not forget it: `leaves`, until when, digest; `stays`, when, digest. The last line counts.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User

_LINE = re.compile(r"\S+ ([0-9a-f]{64})")
#: Not read as an erasure by a program that knows only those.
_LEAVING_LINE = re.compile(r"(leaves|stays) (\S+) ([0-9a-f]{64})$")

logger = logging.getLogger("bookbridge.security")


def digest(uid: UUID) -> str:
    """What the ledger keeps of a reader."""
    return hashlib.sha256(f"bookbridge.erased:{uid}".encode()).hexdigest()


def ledger() -> Path | None:
    """The file, or None where none is kept."""
    return Path(settings.ERASURE_LEDGER) if settings.ERASURE_LEDGER else None


def note(uids: Iterable[UUID]) -> None:
    """Append readers who left; on the disk when this returns.

    Raises:
        OSError: the file cannot be written.
    """
    now = timezone.now().isoformat(timespec="seconds")
    _append("".join(f"{now} {digest(uid)}\n" for uid in uids))


def note_leaving_after_commit(uid: UUID, until: datetime) -> None:
    """Note after the commit that a reader asked to leave."""
    line = f"leaves {until.isoformat(timespec='seconds')} {digest(uid)}\n"
    transaction.on_commit(partial(_append_or_tell, line))


def note_staying_after_commit(uid: UUID) -> None:
    """Note after the commit that a reader who had asked to leave stays."""
    line = f"stays {timezone.now().isoformat(timespec='seconds')} {digest(uid)}\n"
    transaction.on_commit(partial(_append_or_tell, line))


def _append_or_tell(line: str) -> None:
    try:
        _append(line)
    except OSError as error:
        _tell(error)


def _append(lines: str) -> None:
    path = ledger()
    if path is None or not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, lines.encode())  # one call, so that lines of two processes do not mix
        os.fsync(file)
    finally:
        os.close(file)


def note_committed(uid: UUID) -> None:
    """After the commit of an erasure: note it, or tell the operators that it was not noted.

    Nothing is taken back when the file cannot be written: the reader has left, `doctor` shows
    what is missing, and the next `backup` notes it before anything else.
    """
    try:
        note([uid])
    except OSError as error:
        _tell(error)


def _tell(error: OSError) -> None:
    fields = {"logger": logger.name, "message": "erasure_not_noted", "reason": error.strerror}
    logger.error("erasure_not_noted", extra={"fields": fields})


def noted() -> set[str]:
    """The digests that stand in the ledger; a line that was torn is none."""
    path = ledger()
    if path is None or not path.exists():
        return set()
    with path.open(encoding="utf-8", errors="replace") as file:
        return {found[1] for line in file if (found := _LINE.match(line))}


def leaving() -> dict[str, datetime]:
    """Until when, by digest, of readers who asked to leave and did not change their mind."""
    path = ledger()
    found: dict[str, datetime] = {}
    if path is None or not path.exists():
        return {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not (said := _LEAVING_LINE.match(line.rstrip("\n"))):
                continue
            found.pop(said[3], None)
            with suppress(ValueError):
                until = datetime.fromisoformat(said[2])
                if said[1] == "leaves" and until.tzinfo is not None:
                    found[said[3]] = until
    return found


def remind() -> int:
    """After a restore: whoever had asked to leave is leaving again; gives how many."""
    asked, reminded = leaving(), 0
    if not asked:
        return 0
    staying = User.objects.shown().order_by("pk").values_list("pk", "uid")
    for key, uid in list(staying.iterator(chunk_size=5_000)):
        if (until := asked.get(digest(uid))) is not None:
            reminded += User.objects.shown().filter(pk=key).update(leaves_at=until)
    return reminded


def missing() -> list[UUID]:
    """Readers who left and of whom the ledger does not know."""
    known = noted()
    left = User.objects.filter(erased_at__isnull=False).order_by("pk")
    return [uid for uid in left.values_list("uid", flat=True) if digest(uid) not in known]


def returned() -> list[User]:
    """Readers who left and are here again: after the restore of an older backup."""
    known = noted()
    if not known:
        return []
    here = User.objects.visible().order_by("pk").values_list("pk", "uid")
    keys = [key for key, uid in here.iterator(chunk_size=5_000) if digest(uid) in known]
    return [reader for key in keys for reader in User.objects.filter(pk=key)]
