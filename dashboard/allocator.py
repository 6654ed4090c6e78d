"""The C library's memory in a process with many threads."""

import ctypes

#: mallopt's number for it: https://man7.org/linux/man-pages/man3/mallopt.3.html
M_ARENA_MAX = -8
ARENAS = 2


def limit_arenas() -> None:
    """Called before threads start. glibc gives each thread an arena of its own, and keeps what was freed there.

    With sixty threads three quarters of the memory of `web` were free and of no use to anybody. Other C libraries know
    no such setting, and need none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
