"""Health checks of the machine: access to files, disk space, versions, variables and logs."""

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
            advice = (
                "Make the user that runs web and worker its owner, or set DASHBOARD_INSTANCE_DIR to another folder."
            )
            return bad(f"Nothing can be stored in {place} ({problem.strerror}).", advice)
    if not folder.is_dir():
        return unknown("The instance folder is created when the first file is written.")
    advice = f"Run `chmod -R go-rwx {folder}`, and run web and worker as a separate user."
    if folder.stat().st_mode & FOR_OTHERS:
        return bad("Other users of this machine can read the instance folder.", advice)
    # A closed folder protects the files in it only until it is opened or a file is moved.
    is_open = next((path for path in islice(_files(folder), MOST_FILES) if path.lstat().st_mode & FOR_OTHERS), None)
    if is_open:
        return warn(f"Other users can read {is_open.relative_to(folder)} in the instance folder.", advice)
    return ok("Only the user that runs this can read the instance folder.")


def room(context: CheckContext) -> Finding:
    folder = context.settings.instance_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    inodes = os.statvfs(folder)
    sentence = f"{free / GIGABYTE:.1f} GB are free for data and images."
    advice = (
        "Free some space, or move the instance folder. When it is full, callbacks are refused and Smile repeats them."
    )
    if free < IS_BAD_BELOW_BYTES:
        return bad(sentence, advice)
    if free < WARNS_BELOW_BYTES:
        return warn(sentence, advice)
    if inodes.f_files and inodes.f_favail < WARNS_BELOW_INODES:
        return warn(f"There is room for only {inodes.f_favail} more files.", advice)
    return ok(sentence)


def dependencies(_: CheckContext) -> Finding:
    lock = PACKAGE_DIR.parent / "requirements.lock"
    if not lock.is_file():
        return unknown("The tested versions are not known here: requirements.lock is not next to the program.")
    others = differing_versions(lock.read_text(encoding="utf-8"))
    if others:
        advice = "Install the tested versions:  `pip install --require-hashes -r requirements.lock`."
        return warn(f"Some installed versions were not tested: {', '.join(others[:5])}.", advice)
    return ok("Every library has its tested version.")


def debugging(context: CheckContext) -> Finding:
    if context.is_debugging:
        advice = "Unset FLASK_DEBUG: error pages would show what is in memory."
        return bad("Debugging is switched on.", advice)
    return ok("Debugging is off.")


def environment(_: CheckContext) -> Finding:
    unknown_names = unknown_variables(os.environ)
    if unknown_names:
        advice = "Correct or unset them. Those that Kubernetes sets for a service named dashboard do no harm."
        return warn(f"Not settings, so without effect: {', '.join(unknown_names[:5])}.", advice)
    return ok("Every variable that begins with DASHBOARD_ is a setting.")


def logs(context: CheckContext) -> Finding:
    """How logs are written. Where they end up cannot be seen from here."""
    advice = "Collect them on another machine, so that an intruder on this one cannot delete them."
    if context.settings.log_format == "json":
        return unknown("Logs are written as JSON. Whether something collects them cannot be seen from here.", advice)
    return unset("Logs are written as text for people.", f"Set DASHBOARD_LOG_FORMAT to json. {advice}")


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


@cache
def differing_versions(lock: str) -> tuple[str, ...]:
    """The libraries that differ from the lock file. Cached: what a process has imported stays what it is."""
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
