"""`python -m benchmarks table | growth | mixed | profile | report`, which `make bench` and its kin
call.
"""

from __future__ import annotations

import argparse
import signal
import sys

from benchmarks import growth, mixed, profiling, report, table
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.dataset import FULL
from benchmarks.equality import Different
from benchmarks.services import Unable
from benchmarks.workloads import named
from benchmarks.wrk import LoadError


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    one = commands.add_parser("table", help="all contenders side by side")
    one.add_argument("--quick", action="store_true", help="one short round without the extras")
    one.add_argument("--rounds", type=int, help="5 without it")
    one.add_argument("--seconds", type=float, help="of each run; 3 without it")
    one.add_argument("--only", default="", help="workloads, separated by commas")
    one.add_argument("--servers", default="", help="contenders, separated by commas")
    one.add_argument("--reviews", type=int, default=FULL, help="1000000 without it")
    two = commands.add_parser("growth", help="each workload on platforms of growing size")
    two.add_argument("--long", action="store_true", help="also at 5,000,000 reviews, reads alone")
    two.add_argument("--quick", action="store_true", help="one short round, without the largest")
    two.add_argument("--only", default="", help="workloads, separated by commas")
    three = commands.add_parser("mixed", help="reads and writes for a long time")
    three.add_argument("--minutes", type=int, default=30)
    three.add_argument("--server", default="gunicorn", help="gunicorn or granian")
    three.add_argument("--reviews", type=int, default=FULL, help="1000000 without it")
    profiles = commands.add_parser("profile", help="where the time of each request goes, by layer")
    profiles.add_argument("--reviews", type=int, default=FULL, help="1000000 without it")
    four = commands.add_parser("report", help="docs/performance.md and its pictures")
    four.add_argument(
        "--take", action="store_true", help="first take over what was measured in var/bench"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; 1 when it cannot be done or does not hold."""
    options = parser().parse_args(arguments)
    # So that whoever stops it finds no server running and no copy left.
    signal.signal(signal.SIGTERM, lambda *_about: sys.exit(143))
    try:
        if options.command == "table":
            return table.run(plan(options))
        if options.command == "growth":
            growth.run(named(listed(options.only)), long=options.long, quick=options.quick)
            return 0
        if options.command == "mixed":
            return mixed.run(
                chosen([options.server])[0], minutes=options.minutes, reviews=options.reviews
            )
        if options.command == "profile":
            profiling.run(reviews=options.reviews)
            return 0
        report.run(take=options.take)
    except (Unable, Different, LoadError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def plan(options: argparse.Namespace) -> table.Plan:
    """The plan that the options make.

    Raises:
        ValueError: something is called by a wrong name.
    """
    quick = options.quick
    return table.Plan(
        contenders=chosen(listed(options.servers)),
        workloads=named(listed(options.only)),
        rounds=options.rounds or (1 if quick else 5),
        seconds=options.seconds or (1 if quick else 3),
        reviews=options.reviews,
        warm=not quick,
        extras=not quick,
    )


def chosen(names: list[str]) -> list[Contender]:
    """The contenders of these names; all without names.

    Raises:
        ValueError: there is no such contender.
    """
    known = [contender.name for contender in CONTENDERS]
    if unknown := set(names) - set(known):
        raise ValueError(f"no such contender: {', '.join(sorted(unknown))}; {', '.join(known)}")
    return [contender for contender in CONTENDERS if not names or contender.name in names]


def listed(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


if __name__ == "__main__":
    sys.exit(main())
