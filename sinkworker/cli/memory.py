"""How a worker's process treats its memory: when it looks for cycles, and what it keeps.

Owns the settings of Python's garbage collector and of the C library's allocator. Must not know what
the memory is used for.
"""

from __future__ import annotations

import ctypes
import gc

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as in glibc's malloc.h
KEPT_BYTES = 256 << 20
MAPPED_FROM_BYTES = 32 << 20


def collect_garbage_rarely() -> None:
    """Records are containers without cycles, and young ones would be searched for cycles every 700
    allocations: 6 % of the throughput. So would be what is loaded at the start: a fifth of its time."""
    gc.set_threshold(100_000, 20, 50)


def keep_what_is_loaded() -> None:
    """It stays, and need not be searched for cycles again."""
    gc.freeze()


def keep_freed_memory() -> None:
    """Let the next batch use the pages of the last one.

    Otherwise the allocator gives them back after each batch, and the kernel clears new ones for the
    next: 13 % of the CPU time of writing gzipped JSON lines. Only glibc has these settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
