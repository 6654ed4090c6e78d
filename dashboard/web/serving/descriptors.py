"""How many connections a web process accepts at once. Each needs a descriptor, and the system limits those."""

import os
import resource

MOST_CONNECTIONS = 8192
#: For everything else: databases, files, Smile.
OTHERS = 512
WANTED = MOST_CONNECTIONS + OTHERS
#: A folder with one entry for each open descriptor of this process.
OPEN_ONES = "/dev/fd"


def raise_limit() -> None:
    """Raises the limit as far as the system allows. Child processes inherit it."""
    allowed, most = limits()
    if allowed < WANTED:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(WANTED, most), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def limits() -> tuple[int, int]:
    """The current limit, and the highest that a process may set."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _number(allowed), _number(most)


def connections_within(descriptors: int) -> int:
    return min(MOST_CONNECTIONS, max(descriptors - OTHERS, descriptors // 2))


def count_open() -> int:
    return len(os.listdir(OPEN_ONES))


def _number(limit: int) -> int:
    return WANTED if limit == resource.RLIM_INFINITY else limit
