"""What /proc says, and whether a run was disturbed."""

from __future__ import annotations

import pytest

from benchmarks import disturbance, machine
from benchmarks.machine import TICKS

STAT = "42 (a (b) c) S 7 1 1 0 -1 0 0 0 0 0 {user} {system} 900 900 20 0 8 0 1 1 1 1"
CORES = """cpu  {0} 0 {0} 5 5 0 {0} {1} 0 0
cpu0 {0} 0 0 5 5 0 0 0 0 0
intr 1
"""


def test_a_process_with_brackets_in_its_name_is_read() -> None:
    line = STAT.format(user=3 * TICKS, system=TICKS)
    assert machine.seconds_of(line) == 4.0
    assert machine.parent_of(line) == 7


def test_the_ticks_of_all_cores_and_of_one() -> None:
    text = CORES.format(2 * TICKS, TICKS)
    assert machine.ticks(text) == machine.Ticks(busy=6.0, stolen=1.0)
    assert machine.ticks(text, core=0) == machine.Ticks(busy=2.0, stolen=0.0)
    with pytest.raises(ValueError, match="cpu7"):
        machine.ticks(text, core=7)


def test_memory_is_read_from_the_rollup() -> None:
    text = "00400000-7ffc ---p 0 00:00 0 [rollup]\nRss:  102400 kB\nPss:  81920 kB\nPss_Anon: 1\n"
    assert machine.memory_of(text) == (102_400, 81_920)


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = "disk / ext4 rw 0 0\nshm /dev/shm tmpfs rw 0 0\nproc /proc proc rw 0 0\n"
    found = [machine.filesystem(path, mounts) for path in ("/dev/shm/pg", "/dev/shmx", "/")]
    assert found == ["tmpfs", "ext4", "ext4"]
    assert machine.filesystem("/") != "unknown"


@pytest.mark.parametrize(
    ("available", "expected", "shared"),
    [({0, 1}, (0, 1, 1), True), ({2, 3, 5, 7}, (2, 3, 5), False)],
)
def test_one_core_serves_another_one_loads(
    available: set[int], expected: tuple[int, int, int], shared: bool
) -> None:
    found = machine.cores(available)
    assert (found.server, found.load, found.database) == expected
    assert found.shared is shared


def test_one_core_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two cores"):
        machine.cores({0})


@pytest.mark.parametrize(
    ("busy", "ours", "stolen", "disturbed"),
    [
        (4.0, 4.0, 0.0, False),
        (4.2, 4.0, 0.1, False),
        (4.0, 3.0, 0.0, True),  # others had a third of a core
        (4.0, 4.0, 0.3, True),  # the host gave a tenth away
        (3.9, 4.0, 0.0, False),  # clocks that were read a moment apart
    ],
)
def test_a_run_is_disturbed_by_others_and_by_the_host(
    busy: float, ours: float, stolen: float, disturbed: bool
) -> None:
    quiet = disturbance.judge(seconds=3.0, busy=busy, ours=ours, stolen=stolen)
    assert quiet.disturbed is disturbed
    assert quiet.others >= 0


def test_a_run_takes_time() -> None:
    with pytest.raises(ValueError, match="takes time"):
        disturbance.judge(seconds=0, busy=0, ours=0, stolen=0)
