"""docs/performance.md and its pictures, written from results that are kept beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import goals, pictures, results
from benchmarks.disturbance import STOLEN_AT_MOST
from benchmarks.services import ROOT, Unable
from benchmarks.workloads import TABLE

PAGE = ROOT / "docs" / "performance.md"


def run(*, take: bool, source: Path = results.COMMITTED, page: Path = PAGE) -> None:
    """Write the page and the pictures; with `take` first take over what var/bench has.

    Raises:
        Unable: there are no results.
    """
    if take:
        for section, found in results.load().items():
            results.keep(section, found, source)
    found = results.load(source)
    if "table" not in found:
        raise Unable("nothing was measured yet: `make bench`, then `make bench-report ARGS=--take`")
    folder = source.parent
    drawn = {"table": pictures.bars(found["table"])}
    if "growth" in found:
        drawn["growth"] = pictures.growth(found["growth"])
    if "mixed" in found:
        drawn["mixed"] = pictures.long_run(found["mixed"])
    for name, picture in drawn.items():
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
    page.write_text(written(found), encoding="utf-8")
    print(f"Written: {page}, {', '.join(f'{name}.svg' for name in drawn)}.")


def written(found: dict[str, Any]) -> str:
    """The page."""
    table = found["table"]
    parts = [
        "# How fast BookBridge is",
        INTRODUCTION,
        circumstances(table),
        "## Requests a second",
        "![Requests a second](performance/table.svg)",
        speeds(table),
        "## What was asked for, and what was reached",
        requirements(table),
        "## What a request costs",
        COSTS,
        costs(table),
        *(["## Where the time goes", layers(found["profile"])] if "profile" in found else []),
        "## Besides",
        besides(table),
    ]
    if "growth" in found:
        parts += ["## As the platform grows", growth(found["growth"])]
    if "mixed" in found:
        parts += ["## The long run", mixed(found["mixed"])]
    parts += ["## How to repeat it", REPEAT]
    return "\n\n".join(part for part in parts if part) + "\n"


INTRODUCTION = """\
The same requests, answered by BookBridge with everything switched on and by what people would
build instead, from the same tables, with the same JSON: compared byte for byte before anything is
measured, for writes row by row. BookBridge verifies signature, session and state, counts the rate
limit, writes its log line, sends all headers and an ETag. The others verify the token and look up
session and state; they have no rate limit, no log of requests and no ETag. The bare function and
FastAPI on raw asyncpg remember verified tokens; FastAPI with SQLAlchemy and Flask verify each time,
as their documents have it. This page is written by `make bench-report`."""

COSTS = """\
Milliseconds of CPU of the server and of the database, by the clocks of their processes; statements
as counted in the wire protocol, without those that serve connection and transaction; round trips
with them. p50 and p99 at 16 connections, and p50 alone on one connection, in milliseconds."""

LAYERS = """\
Microseconds of CPU of one request in BookBridge alone, without a server: samples in one process
(`make bench-profile`), each in the layer of its innermost frame. What the table above shows on top
of this is the server: reading the request, writing the answer, handing it from thread to thread."""

ANALYSIS = "[What was tried, and what the rest would take](performance/rest.md)."

REPEAT = """\
```sh
sudo apt-get install wrk postgresql redis-server
make bench                       # the table, five rounds; ARGS="--quick" to see that it works
make bench-growth                # the curves; ARGS="--long" with 5,000,000 reviews
make bench-long MINUTES=30       # reads and writes at 70 % of the most; fails on any 5xx
make bench-profile               # where the time goes, by layer
make bench-report ARGS="--take"  # this page from what was measured
```

`DATABASE_URL` and `REDIS_URL` name servers to use: the role must be allowed to create databases,
and the Redis database is emptied. Without them private ones are started, with their data in
`var/bench`. The platform is seeded once (`seed_demo --scale 1 --hot-book 150000`, see
[commands.md](commands.md#seed_demo)) and kept in a database with a mark in its comment; measured
is a copy, which is dropped. The contenders are in
[`benchmarks/contenders`](../benchmarks/contenders), their packages in
`benchmarks/requirements.txt` and `var/bench/venv`. Runs during which others used more than 8 % of
a core, or the host gave more than 5 % of one away, are repeated twice at most; those that stayed
so are named above."""


def circumstances(table: dict[str, Any]) -> str:
    """Where, when and of what."""
    machine, size, cores = table["machine"], table["size"], table["cores"]
    together = " together with" if cores["load"] == cores["database"] else ", the database on"
    place = "the database" if cores["load"] == cores["database"] else f"core {cores['database']}"
    disturbed = table["disturbed"]
    lines = [
        f"Measured {table['taken']} (commit {table['commit']}): {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}, PostgreSQL {table['postgresql']} on "
        f"{table['storage']}, Redis {table['redis']}.",
        f"{size['reviews']:,} reviews, {size['books']:,} books, {size['clubs']:,} clubs, "
        f"{size['readers']:,} readers (those imported with ratings among them).",
        f"{table['rounds']} alternating rounds of {table['seconds']:g} s; one worker on core "
        f"{cores['server']}, the load on core {cores['load']}{together} {place}. Medians, with "
        "the lowest and the highest.",
        f"{disturbed['repeated']} runs were repeated because something else used the machine; "
        f"{len(disturbed['kept'])} stayed disturbed"
        + (f": {'; '.join(disturbed['kept'][:12])}." if disturbed["kept"] else "."),
        *(f"A run failed: {failure}." for failure in table["failures"]),
    ]
    return "\n".join(f"- {line}" for line in lines)


def rows(head: list[str], body: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def speeds(table: dict[str, Any]) -> str:
    """Requests a second, and how many times as many BookBridge answers."""
    body = []
    for workload, found in table["workloads"].items():
        cells = [goals.titled(table, workload)]
        for who in table["contenders"]:
            if who not in found:
                cells.append("")
                continue
            spread = found[who]["per_second"]
            cells.append(f"{spread['median']:,.0f} ({spread['low']:,.0f} to {spread['high']:,.0f})")
        body.append(cells)
    order = [workload.name for workload in TABLE]
    body.sort(key=lambda cells: _place(table, cells[0], order))
    return rows(["", *table["contenders"].values()], body)


def _place(table: dict[str, Any], title: str, order: list[str]) -> int:
    return next((i for i, name in enumerate(order) if goals.titled(table, name) == title), 99)


def requirements(table: dict[str, Any]) -> str:
    """Every requirement with its verdict."""
    found = goals.verdicts(table)
    reached = sum(verdict.state == goals.REACHED for verdict in found)
    body = [[one.subject, one.asked, one.measured, one.state] for one in found]
    said = f"{reached} of {len(found)} are reached."
    return f"{said}\n\n{rows(['', 'asked', 'measured', ''], body)}"


def costs(table: dict[str, Any]) -> str:
    """CPU, statements and latencies of each contender."""
    body = []
    for workload in (one.name for one in TABLE):
        for who, figures in table["workloads"].get(workload, {}).items():
            counted = table["statements"].get(workload, {}).get(who, {})
            body.append(
                [
                    goals.titled(table, workload),
                    table["contenders"][who],
                    *(f"{figures[name]['median']:.3f}" for name in ("server_ms", "database_ms")),
                    f"{counted.get('statements', 0):g}",
                    f"{counted.get('trips', 0):g}",
                    *(f"{figures[name]['median']:.2f}" for name in ("p50", "p99")),
                    f"{figures['single_p50']['median']:.2f}" if "single_p50" in figures else "",
                    table["likeness"].get(workload, {}).get(who, ""),
                ]
            )
    head = ["", "", "server", "database", "statements", "round trips", "p50", "p99", "alone"]
    return rows([*head, "answers"], body)


def layers(found: dict[str, Any]) -> str:
    """Microseconds of the program by layer, a column for each workload."""
    profiles = found["workloads"]
    names: dict[str, int] = {}
    for profile in profiles.values():
        for layer, spent in profile["layers"].items():
            names[layer] = names.get(layer, 0) + spent
    body = [["all", *(f"{profile['total']:,}" for profile in profiles.values())]]
    for layer in sorted(names, key=lambda layer: -names[layer]):
        shown = (profile["layers"].get(layer, 0) for profile in profiles.values())
        body.append([layer, *(f"{spent:,}" if spent else "" for spent in shown)])
    head = ["", *(found["titles"][workload] for workload in profiles)]
    return f"{LAYERS}\n\n{rows(head, body)}\n\n{ANALYSIS}"


def besides(table: dict[str, Any]) -> str:
    """Memory, cold statistics, and what a flood of sign-ins does to others."""
    lines = []
    for who, found in table["memory"].items():
        if "worker_rss" in found:
            lines.append(
                f"- Memory of {table['contenders'][who]} after load: "
                f"{found['worker_rss']['median']:.0f} MB resident "
                f"({found['worker_pss']['median']:.0f} MB its own share)."
            )
    for who, cold in table.get("cold", {}).items():
        for workload, found in cold.items():
            lines.append(
                f"- {goals.titled(table, workload)}, {table['contenders'][who]}: "
                f"{found['median']} ms ({found['low']} to {found['high']})"
                + (f", {found['failed']} did not come in time." if found["failed"] else ".")
            )
    for who, flood in table.get("flood", {}).items():
        quiet, during = flood["quiet"], flood["flooded"]
        lines.append(
            "- During a flood of wrong sign-ins (32 connections, each attempt another account and "
            f"address, {flood['attempts_per_second']:g} a second) {table['contenders'][who]} shows "
            f"a club to 4 other connections in {during['p50']:g} ms (p95 {during['p95']:g} ms); "
            f"without the flood in {quiet['p50']:g} ms (p95 {quiet['p95']:g} ms)."
        )
    return "\n".join(lines)


def growth(found: dict[str, Any]) -> str:
    """The curves, with their numbers."""
    sizes = sorted(found["sizes"], key=int)
    head = ["server + database, ms of CPU (p50 alone, ms)"]
    head += [
        f"{int(size):,} reviews, {found['sizes'][size]['extent']['clubs']:,} clubs"
        for size in sizes
    ]
    body = []
    for workload, title in found["titles"].items():
        cells = [title]
        for size in sizes:
            figures = found["sizes"][size]["workloads"].get(workload)
            if figures is None:
                cells.append("")
                continue
            server, database = (figures[n]["median"] for n in ("server_ms", "database_ms"))
            cells.append(f"{server:.2f} + {database:.2f} ({figures['single_p50']['median']:.2f})")
        body.append(cells)
    runs = sum(len(one["workloads"]) for one in found["sizes"].values()) * found["rounds"]
    said = (
        f"Measured {found['taken']}, medians of {found['rounds']} rounds. Of {runs} runs "
        f"{len(found['disturbed'])} stayed disturbed by others{_where(found['disturbed'])}."
    )
    return f"![Growth](performance/growth.svg)\n\n{said}\n\n{rows(head, body)}"


def mixed(found: dict[str, Any]) -> str:
    """The long run in words."""
    minutes = found["minutes"]
    first, last = minutes[0], minutes[-1]
    quiet = [row["p99"] for row in minutes if row["stolen"] <= STOLEN_AT_MOST]
    other = [row["p99"] for row in minutes if row["stolen"] > STOLEN_AT_MOST]
    said = (
        f"{found['contender']}, {found['taken']} (commit {found['commit']}, the database on "
        f"{found['storage']}): 70 % of what the server can do for "
        f"{len(minutes)} minutes, one request in ten a write, each at its moment; what it can do "
        f"was found anew every twenty seconds ({_range(minutes, 'most')} requests a second; "
        f"{_range(minutes, 'kept')} were sent). Answers by status: "
        f"{', '.join(f'{s}: {n:,}' for s, n in found['statuses'].items())}, and "
        f"{found['full_load']:,} at full load, {found['refused']} of them refused. "
        f"{found['failed']} of 500 and above, {found['lost']} lost. Memory of the worker "
        f"{first['worker_rss']:g} MB in the first minute, {last['worker_rss']:g} MB in the last; "
        f"a request cost it {first['cost']:g} and {last['cost']:g} times what it cost the sender; "
        f"p99 {_spread(quiet)} minutes in which the host gave at most {STOLEN_AT_MOST:.0%} of a "
        f"core to others{f', {_spread(other)} others' if other else ''}."
    )
    return f"![The long run](performance/mixed.svg)\n\n{said}"


def _range(minutes: list[dict[str, Any]], name: str) -> str:
    """From the least to the most of a figure."""
    found = [row[name] for row in minutes]
    return f"{min(found):.0f} to {max(found):.0f}"


def _spread(times: list[float]) -> str:
    """From the least to the most, and in how many minutes."""
    between = f"between {min(times):g} and {max(times):g} ms " if times else ""
    return f"{between}in the {len(times)}"


def _where(disturbed: list[str]) -> str:
    """At which sizes; each begins with one, as `growth.at_size` has it."""
    sizes = dict.fromkeys(each.partition(" reviews, ")[0] for each in disturbed)
    return f", at {' and '.join(sizes)} reviews" if sizes else ""
