"""What the web process asks of the kernel while it answers callbacks, as strace sees it: a sync before each 200."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.integration.callbacks.senders import Author, Sender
from tests.integration.callbacks.short_of_space import descendants
from tests.integration.conftest import Deployment

READS = frozenset({"read", "readv", "recvfrom", "recvmsg"})
WRITES = frozenset({"write", "writev", "sendto", "sendmsg"})
SYNCS = frozenset({"fsync", "fdatasync"})
ACKNOWLEDGED = '"HTTP/1.1 200 '
SECONDS_TO_ATTACH = 20

LINE = re.compile(
    r"(?P<thread>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\()(?P<rest>.*?)"
    r"(?:(?P<unfinished> <(?:unfinished|detached) \.\.\.>)|\) += (?P<result>-?\d+).*)"
)
SOCKET = re.compile(r"\d+<TCP:\[[^\]]*\]>")


class TracingRefused(Exception):
    """Neither root nor anybody else may attach to a running process here, as in some containers."""


@dataclass
class Call:
    """One system call, from the line where it began to the line where it returned."""

    name: str
    arguments: str
    begun: int
    ended: int
    result: int

    @property
    def socket(self) -> str:
        found = SOCKET.match(self.arguments)
        return found[0] if found else ""


def trace_callbacks(deployment: Deployment, count: int) -> int:
    """Sends that many callbacks one after another; how many were acknowledged only after a sync of what they left."""
    database = Path(str(deployment.database.engine.url.database))
    output = deployment.log_dir / "strace.txt"
    author, sender = Author(), Sender(deployment.web_url)
    tracer = _attach(deployment.processes["web"].pid, output)
    try:
        for _ in range(count):
            assert sender.send(author.write()).status == 200
    finally:
        tracer.send_signal(signal.SIGINT)  # strace lets go of its processes, which go on
        tracer.communicate(timeout=30)
        sender.close()
    return count_synced(read_calls(output), frozenset({str(database), f"{database}-wal"}))


def count_synced(calls: list[Call], files: frozenset[str]) -> int:
    """A sync counts if it began after the last byte of its request was read and ended before its 200 was written."""
    syncs = [call for call in calls if call.name in SYNCS and call.result == 0 and _file(call) in files]
    read_until: dict[str, int] = {}
    synced = 0
    for call in calls:
        if call.name in READS and call.result > 0:
            read_until[call.socket] = call.ended
        elif call.name in WRITES and ACKNOWLEDGED in call.arguments:
            begin = read_until[call.socket]
            synced += any(begin < sync.begun and sync.ended < call.begun for sync in syncs)
    return synced


def read_calls(output: Path) -> list[Call]:
    """In the order in which they began. One that had not returned when strace let go has no result."""
    return sorted(_calls(output.read_text().splitlines()), key=lambda call: call.begun)


def _calls(lines: list[str]) -> Iterator[Call]:
    open_calls: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        found = LINE.fullmatch(line)
        if found is None:
            continue
        thread, rest = found["thread"], found["rest"]
        name, before, begun = found["name"], "", number
        if found["resumed"]:
            name, before, begun = open_calls.pop(thread, (found["resumed"], "", number))
        if found["unfinished"]:
            open_calls[thread] = (name, before + rest, begun)
        else:
            yield Call(name, before + rest, begun, number, int(found["result"]))
    # The client may read the last 200 before the write of it has returned.
    yield from (Call(name, before, begun, len(lines), -1) for name, before, begun in open_calls.values())


def _file(call: Call) -> str:
    return call.arguments.partition("<")[2].rpartition(">")[0]


def _attach(pid: int, output: Path) -> "subprocess.Popen[bytes]":
    pids = [pid, *descendants(pid)]
    names = ",".join(sorted(READS | WRITES | SYNCS))
    options = ["-f", "-yy", "-s", "200", "-e", f"trace={names}", "-e", "signal=none", "-o", str(output)]
    log = output.with_suffix(".log")
    with open(log, "wb") as errors:
        tracer = subprocess.Popen(["strace", *options, *(f"-p{each}" for each in pids)], stderr=errors)
    deadline = time.monotonic() + SECONDS_TO_ATTACH
    while log.read_text().count(" attached") < len(pids):
        if tracer.poll() is not None:
            raise TracingRefused(log.read_text())
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return tracer
