"""Do mails leave: do mail server, broker and worker answer, is nothing late and nothing parked?"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.utils import timezone

from bookbridge.doctor.findings import Finding, Question
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.services import late
from bookbridge.management.refusal import is_production

AREA = "mail"
TIMEOUT = 3
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def server() -> Iterator[Finding]:
    """The mail server, greeted; nothing is sent."""
    if not settings.EMAIL_BACKEND:
        yield Finding(
            AREA,
            "EMAIL_URL is not set: mails wait, and are parked in the end",
            "set EMAIL_URL in .env, for example smtp+tls://user:password@mail.example.org:587",
        )
        return
    if settings.EMAIL_BACKEND != SMTP:
        name = settings.EMAIL_BACKEND.split(".")[-2]
        yield Finding(AREA, f"mails go to no mail server but to: {name}")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=TIMEOUT) as greeted:
            greeted.noop()
    except (OSError, socket.gaierror) as error:
        reason = getattr(error, "strerror", "") or type(error).__name__
        yield Finding(
            AREA,
            f"the mail server {where} does not answer: {reason}",
            "start it, or correct EMAIL_URL; mails wait until then",
        )
    else:
        yield Finding(AREA, f"the mail server {where} answers")


def links() -> Iterator[Finding]:
    """What mails link to."""
    url = urlsplit(settings.PUBLIC_URL)
    if is_production() and (url.scheme != "https" or url.hostname in ("127.0.0.1", "localhost")):
        yield Finding(
            AREA,
            f"mails link to {settings.PUBLIC_URL}, which readers cannot open",
            "set PUBLIC_URL in .env to the address of this installation, with https://",
        )
    else:
        yield Finding(AREA, f"mails link to {settings.PUBLIC_URL}")


def broker() -> Iterator[Finding]:
    """Between the server and the worker."""
    if not settings.BROKER_URL:
        yield Finding(AREA, "the server sends mails itself (there is no broker)")
        return
    url = urlsplit(settings.BROKER_URL)
    where = f"{url.hostname}:{url.port or 6379}"
    try:
        with redis.from_url(
            settings.BROKER_URL, socket_timeout=1, socket_connect_timeout=1
        ) as asked:
            asked.ping()
    except redis.RedisError as error:
        yield Finding(
            AREA,
            f"the broker at {where}: {str(error).splitlines()[0]}",
            "start it, or correct BROKER_URL; until then the worker looks for itself, more slowly",
        )
    else:
        yield Finding(AREA, f"the broker at {where} answers")


def jobs() -> Iterator[Finding]:
    """What is due and not done, and what was given up."""
    waiting = late().in_turn()
    number, parked = waiting.count(), OutboxJob.objects.parked().count()
    if number:
        minutes = (timezone.now() - waiting[0].due_at).total_seconds() / 60
        yield Finding(
            AREA,
            f"{number} jobs are due for up to {minutes:.0f} minutes: nobody works",
            "start the worker (`make run` does; bookbridge-worker.service; `manage.py work`)",
        )
    if parked:
        yield Finding(
            AREA,
            f"{parked} mails could not be sent and are parked",
            "see why at /admin/kernel/outboxjob/?state=parked, repair it, and try them again there",
        )
    if not number and not parked:
        yield Finding(AREA, "nothing is late and nothing is parked")


QUESTIONS: list[Question] = [server, links, broker, jobs]
