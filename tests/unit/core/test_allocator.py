"""However many threads there are, the C library has few arenas, each of which keeps what was freed in it."""

import platform
import re
import subprocess
import sys

import pytest

#: Each thread takes memory that the C library has to give, not Python's own small blocks, and holds it for a moment.
SCRIPT = """
import ctypes, sys, threading
from dashboard.allocator import give_memory_back

if sys.argv[1] == "limited":
    give_memory_back()
libc = ctypes.CDLL(None)
everybody_has_some = threading.Barrier(16)

def take():
    taken = [bytes(5000) for _ in range(10)]
    everybody_has_some.wait(60)

threads = [threading.Thread(target=take) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc")
@pytest.mark.parametrize(("how", "fewest", "most"), [("limited", 1, 2), ("as usual", 5, 100)])
def test_arenas_of_sixteen_threads(how: str, fewest: int, most: int):
    shown = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True, timeout=100)

    assert fewest <= len(re.findall("<heap nr=", shown.stdout)) <= most
