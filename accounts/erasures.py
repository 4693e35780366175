"""The ledger of readers who left: kept outside the database, so that no backup brings them back.

`settings.ERASURE_LEDGER` names a file to which every erasure appends one line: the moment, and a
digest of the reader's `uid`. The `uid` is random and says nothing of a person; its digest says
less. After a restore everybody whose digest stands here is erased again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User

_LINE = re.compile(r"\S+ ([0-9a-f]{64})")

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
    path, now = ledger(), timezone.now().isoformat(timespec="seconds")
    lines = "".join(f"{now} {digest(uid)}\n" for uid in uids)
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
        fields = {"logger": logger.name, "message": "erasure_not_noted", "reason": error.strerror}
        logger.error("erasure_not_noted", extra={"fields": fields})


def noted() -> set[str]:
    """The digests that stand in the ledger; a line that was torn is none."""
    path = ledger()
    if path is None or not path.exists():
        return set()
    with path.open(encoding="utf-8", errors="replace") as file:
        return {found[1] for line in file if (found := _LINE.match(line))}


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
