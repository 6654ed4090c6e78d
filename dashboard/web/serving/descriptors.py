"""How many connections a process of the web takes at once: each needs a descriptor, of which the system allows some."""

import os
import resource

MOST_CONNECTIONS = 8192
#: For all else: databases, files, Smile.
OTHERS = 512
WANTED = MOST_CONNECTIONS + OTHERS
#: A folder with one entry for each descriptor of the process that looks.
OPEN_ONES = "/dev/fd"


def raise_limit() -> None:
    """As far as the system lets this process; those that it starts inherit it."""
    allowed, most = limits()
    if allowed < WANTED:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(WANTED, most), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def limits() -> tuple[int, int]:
    """The number that is allowed now, and the number up to which a process may raise it."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _number(allowed), _number(most)


def connections_within(descriptors: int) -> int:
    return min(MOST_CONNECTIONS, max(descriptors - OTHERS, descriptors // 2))


def count_open() -> int:
    return len(os.listdir(OPEN_ONES))


def _number(limit: int) -> int:
    return WANTED if limit == resource.RLIM_INFINITY else limit
