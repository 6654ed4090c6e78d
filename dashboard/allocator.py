"""The C library's memory in a process with many threads."""

import ctypes

#: mallopt's numbers: https://man7.org/linux/man-pages/man3/mallopt.3.html
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 2
#: From this size on a block is the system's again as soon as it is freed: a page, a picture, a list.
LARGE = 64 * 1024


def give_memory_back() -> None:
    """Called before threads start. glibc gives each thread an arena of its own, and keeps what was freed there.

    With sixty threads three quarters of the memory of `web` were free and of no use to anybody. Other C libraries know
    no such settings, and need none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, LARGE)  # left alone, it grows with the largest block that was ever freed
        mallopt(M_TRIM_THRESHOLD, LARGE)
