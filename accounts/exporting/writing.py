"""The file of an export: everything of one reader, as it was at one moment."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from accounts import privacy
from accounts.models import User
from accounts.security.records import record_event
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.limits import Limit, refusal, take
from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.taking_out import write_json
from bookbridge.kernel.transactions import snapshot

if TYPE_CHECKING:
    from rest_framework.serializers import Serializer

#: Counts changes of the file's layout that a program could stumble over.
FORMAT = 1
#: A larger file waits on the disk, without a name, until it was sent.
IN_MEMORY = 1 << 20


def make_export(*, by: User, address: str = "", user_agent: str = "") -> IO[bytes]:
    """Everything that is the reader's, as a JSON file to be read from its beginning.

    All tables are read as they were at one moment, one statement for each, a few rows at a
    time; the file is whole before the first byte leaves, so a fault is an error and no torn
    file, and a slow client keeps no transaction open. That it was made is on the security
    record.

    Raises:
        TooManyRequests: after `settings.EXPORTS_PER_HOUR` within an hour.
        Missing: the account was erased meanwhile.
    """
    verdict = take(Limit("export", settings.EXPORTS_PER_HOUR, 3600), str(by.pk))
    if not verdict.allowed:
        raise refusal(verdict)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    try:
        with snapshot():
            reader = User.objects.visible().filter(pk=by.pk).first()
            if reader is None:
                raise Missing()
            head = {"format": FORMAT, "made_at": moment(timezone.now())}
            write_json(head | privacy.sections(reader), file)
        record_event("data_exported", reader_id=by.pk, address=address, user_agent=user_agent)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def export_serializer() -> type[Serializer[Any]]:
    """The schema of the file, put together from those of the apps."""
    apps = {
        app: type(f"Exported{app.title()}Serializer", parts, {})()
        for app, parts in privacy.schemas().items()
    }
    head = {
        "__doc__": "Everything that is yours, in one file.",
        "format": serializers.IntegerField(help_text="1; another number is another layout."),
        "made_at": serializers.DateTimeField(help_text="All of it is as it was at this moment."),
    }
    return type("PersonalDataSerializer", (OutputSerializer,), {**head, **apps})
