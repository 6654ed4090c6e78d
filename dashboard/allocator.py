"""Returns unused memory to the system in a process with many threads."""

import ctypes

#: mallopt's numbers: https://man7.org/linux/man-pages/man3/mallopt.3.html
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 2
#: Blocks of this size or more go back to the system as soon as they are freed: a page, an image, a list.
LARGE = 64 * 1024


def give_memory_back() -> None:
    """Makes glibc return freed memory to the system. Call it before threads start.

    glibc gives each thread its own arena and keeps what was freed there. With sixty threads, three quarters of the
    memory of `web` was free but of no use to anybody. Other C libraries have no such settings and need none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, LARGE)  # by default it grows with the largest block ever freed
        mallopt(M_TRIM_THRESHOLD, LARGE)
