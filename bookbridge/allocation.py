"""How much memory a process of the server keeps that it does not use."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import MutableMapping

#: Larger blocks, in bytes, go back to the system as soon as they are free.
LARGEST_KEPT = 1024 * 1024
#: What glibc calls the setting (malloc.h).
M_MMAP_THRESHOLD = -3
#: Large blocks come in large pages where the system has them, which is read when a program starts.
#: A password is checked in 25 ms with them and in 33 ms without; 23 ms if nothing were given back.
TUNABLES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")


def keep_little() -> bool:
    """Give large blocks back when they are free; whether this machine can be told so.

    To check a password takes a block of 19 MiB. Once such a block was freed, glibc would take
    those of its size from the heaps of threads, each of which keeps what it had: 60 MiB more for
    a process of 8 threads in which people sign in. Other libraries (musl, that of macOS) give
    large blocks back by themselves.
    """
    if not sys.platform.startswith("linux"):
        return False
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    return tell is not None and tell(M_MMAP_THRESHOLD, LARGEST_KEPT) == 1


def in_large_pages(variables: MutableMapping[str, str]) -> None:
    """Ask for large pages in the environment of a program about to be started."""
    variables.setdefault(*TUNABLES)
