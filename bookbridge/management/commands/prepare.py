"""Makes a clone ready to serve: migrations, static files, demo data, each only when something is
missing.

One process does all of it, because every start of Django costs half a second and `make run`
should be quick.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from bookbridge import __version__
from bookbridge.environment import BASE_DIR

DEFAULT_BIND = "127.0.0.1:8000"
ANY_ADDRESS = {"", "0.0.0.0", "[::]"}  # noqa: S104 - recognised here, not listened on
DEMO_ADMIN = "admin"


class Command(BaseCommand):
    """`manage.py prepare [--serve]`"""

    help = "Migrate, collect static files and load the demo, each where needed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument(
            "--serve",
            action="store_true",
            help="check that the address is free and print it; the server starts next",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the steps in order; a step that cannot be done ends with one line that says what to
        do.
        """
        bind = os.environ.get("BIND") or DEFAULT_BIND
        if options["serve"]:
            require_free(bind)
        self.migrate()
        self.collect_static()
        self.load_demo()
        if options["serve"]:
            self.stdout.write(banner(bind))
        else:
            self.stdout.write("BookBridge is set up. `make run` serves it.")

    def migrate(self) -> None:
        """Bring the tables up to date."""
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(database_advice(str(error))) from error
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def collect_static(self) -> None:
        """Gather the files of admin and documents when the packages or the project's own files
        changed.
        """
        stamp = Path(settings.STATIC_ROOT).parent / "static.sha256"
        wanted = static_signature()
        if stamp.exists() and stamp.read_text() == wanted and Path(settings.STATIC_ROOT).is_dir():
            return
        self.stdout.write("Collecting static files ...")
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(wanted)

    def load_demo(self) -> None:
        """Fill a database without readers, unless DEMO=0 (the default in production)."""
        if not settings.DEMO or get_user_model()._default_manager.exists():
            return
        self.stdout.write("Loading the demo ...")
        call_command("seed_demo")


def static_signature() -> str:
    """Return a digest that changes with the locked packages and with the project's own static
    files.
    """
    digest = hashlib.sha256((BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted(BASE_DIR.glob("*/static/**/*")):
        if path.is_file() and path.relative_to(BASE_DIR).parts[0] != "var":
            digest.update(str(path.relative_to(BASE_DIR)).encode() + path.read_bytes())
    return digest.hexdigest()


def database_advice(error: str) -> str:
    """Return one line on why the database does not open, and the command that helps, without the
    password.
    """
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return f"{database['NAME']} cannot be opened: {error}. Is its folder there and writable?"
    where = f"{database['HOST'] or 'the local socket'}:{database['PORT'] or 5432}"
    if "does not exist" in error and "database" in error:
        options = {"-h": database["HOST"], "-p": database["PORT"], "-U": database["USER"]}
        command = " ".join(["createdb", *(f"{o} {v}" for o, v in options.items() if v)])
        name = database["NAME"]
        return f"PostgreSQL at {where} has no database {name}: {command} {name}"
    reason = error.strip().splitlines()[0].rpartition(": ")[2]
    return f"PostgreSQL at {where}: {reason}. Is it running, is DATABASE_URL right?"


def require_free(bind: str) -> None:
    """Raise CommandError when something else listens at the address, or when it is none of this
    machine's.
    """
    if bind.startswith(("unix:", "fd://")):
        return
    host, _, port = bind.rpartition(":")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (ValueError, OverflowError, socket.gaierror) as error:
        raise CommandError(f"BIND={bind} is no address; write it like {DEFAULT_BIND}.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = f"make run BIND={host}:{int(port) + 1}"
            raise CommandError(f"{bind} is taken by another program: {advice}") from error
        raise CommandError(f"Cannot listen at {bind}: {error.strerror}.") from error


def banner(bind: str) -> str:
    """Return the lines that tell a newcomer where everything is and how to sign in."""
    if bind.startswith(("unix:", "fd://")):
        base = ""
    else:
        host, _, port = bind.rpartition(":")
        base = f"http://{'127.0.0.1' if host in ANY_ADDRESS else host}:{port}"
    lines = [
        f"BookBridge {__version__} at {base or bind}   (Ctrl+C stops it)",
        f"  API        {base}/api/v1/clubs/",
        f"  Documents  {base}/api/docs/   {base}/api/redoc/   {base}/api/schema/",
        f"  Admin      {base}/admin/",
    ]
    readers = get_user_model()._default_manager
    admin = readers.filter(username=DEMO_ADMIN).first()
    if admin and admin.check_password(os.environ.get("DEMO_ADMIN_PASSWORD") or None):
        reader = (
            readers.filter(is_superuser=False, is_staff=False, erased_at=None)
            .order_by("pk")
            .first()
        )
        lines.append(f"  Sign in    {DEMO_ADMIN}; the password is DEMO_ADMIN_PASSWORD in .env")
        if reader:
            lines.append(
                f"             {reader.get_username()} and others; DEMO_READER_PASSWORD in .env"
            )
    else:
        lines.append(
            "  Sign in    with an account of yours; `make superuser` makes an administrator"
        )
    return "\n".join(lines)
