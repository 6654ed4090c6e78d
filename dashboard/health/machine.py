"""Health checks of the machine: files that only we may read, room on the disk, the versions that were tested."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path

from packaging.requirements import Requirement

from dashboard.config import PACKAGE_DIR, unknown_variables
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, unset, warn
from dashboard.writable import is_full, problem_of_folder

GIGABYTE = 1024**3
WARNS_BELOW_BYTES, IS_BAD_BELOW_BYTES = 2 * GIGABYTE, GIGABYTE // 4
WARNS_BELOW_INODES = 10_000
MOST_FILES = 20_000
FOR_OTHERS = 0o077
PINNED = re.compile(r"^([a-z0-9][a-z0-9._\[\]-]*==[^\s\\]+(?: ; [^\\]+)?)", re.MULTILINE | re.IGNORECASE)


def instance_folder(context: CheckContext) -> Finding:
    folder = context.settings.instance_dir.absolute()
    for place in (folder, context.settings.media_dir.absolute()):
        problem = problem_of_folder(place)
        if problem and not is_full(problem):
            advice = "Let the user that runs web and worker own it, or name another folder in DASHBOARD_INSTANCE_DIR."
            return bad(f"Nothing can be stored in {place} ({problem.strerror}).", advice)
    if not folder.is_dir():
        return unknown("The instance folder is made when the first file is written.")
    advice = f"Run `chmod -R go-rwx {folder}`, and start web and worker as a user of their own."
    if folder.stat().st_mode & FOR_OTHERS:
        return bad("Others on this machine may look into the instance folder.", advice)
    # Nobody gets to a file behind a folder that is closed, until the folder is opened or the file is moved.
    is_open = next((path for path in islice(_files(folder), MOST_FILES) if path.lstat().st_mode & FOR_OTHERS), None)
    if is_open:
        return warn(f"Others may read {is_open.relative_to(folder)} in the instance folder.", advice)
    return ok("Only the user that runs this may read the instance folder.")


def room(context: CheckContext) -> Finding:
    folder = context.settings.instance_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    inodes = os.statvfs(folder)
    sentence = f"{free / GIGABYTE:.1f} GB are free for data and pictures."
    advice = (
        "Make room, or move the instance folder. When it is full callbacks are refused, and Smile sends them again."
    )
    if free < IS_BAD_BELOW_BYTES:
        return bad(sentence, advice)
    if free < WARNS_BELOW_BYTES:
        return warn(sentence, advice)
    if inodes.f_files and inodes.f_favail < WARNS_BELOW_INODES:
        return warn(f"Room for only {inodes.f_favail} more files is left.", advice)
    return ok(sentence)


def dependencies(_: CheckContext) -> Finding:
    lock = PACKAGE_DIR.parent / "requirements.lock"
    if not lock.is_file():
        return unknown("Which versions were tested is not known here: requirements.lock is not beside the program.")
    others = differing_versions(lock.read_text(encoding="utf-8"))
    if others:
        advice = "Install what was tested: `pip install --require-hashes -r requirements.lock`."
        return warn(f"Other versions than tested are installed: {', '.join(others[:5])}.", advice)
    return ok("Every library has the version that was tested.")


def debugging(context: CheckContext) -> Finding:
    if context.is_debugging:
        advice = "Unset FLASK_DEBUG: a page of errors would show what is in memory."
        return bad("Debugging is switched on.", advice)
    return ok("Debugging is off.")


def environment(_: CheckContext) -> Finding:
    unknown_names = unknown_variables(os.environ)
    if unknown_names:
        advice = "Correct or unset them. Those that Kubernetes makes for a service named dashboard do no harm."
        return warn(f"No settings, so without effect: {', '.join(unknown_names[:5])}.", advice)
    return ok("Every variable that begins with DASHBOARD_ is a setting.")


def logs(context: CheckContext) -> Finding:
    """Where the lines end up, nobody can tell from here."""
    advice = "Let another machine collect them, so that whoever gets into this one cannot take them away."
    if context.settings.log_format == "json":
        return unknown("Lines of the log are JSON. Whether something collects them cannot be seen from here.", advice)
    return unset("Lines of the log are text for people.", f"Set DASHBOARD_LOG_FORMAT to json. {advice}")


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


@cache
def differing_versions(lock: str) -> tuple[str, ...]:
    """Looked up once: what a process has imported stays what it is."""
    return tuple(_different(lock))


def _different(lock: str) -> Iterator[str]:
    for line in PINNED.findall(lock):
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            present = version(wanted.name)
        except PackageNotFoundError:
            yield f"{wanted.name} (not installed)"
            continue
        if not wanted.specifier.contains(present, prereleases=True):
            yield f"{wanted.name} {present}"
