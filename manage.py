#!/usr/bin/env python3
"""Django's command line for BookBridge."""

import os
import sys


def main() -> None:
    """Run one command; only the server keeps the time limit on statements, a migration or an
    import may take longer, and goes past a pooler. A command's standard output is its answer:
    logs go to standard error.
    """
    from django.core.management import execute_from_command_line

    from bookbridge import environment

    environment.load()
    if sys.argv[1:2] != ["runserver"]:
        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
        os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "0")
        os.environ.setdefault("DATABASE_DIRECT", "1")
        os.environ.setdefault("LOG_STREAM", "stderr")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
