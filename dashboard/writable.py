"""Checks whether files can be stored in a folder, by storing one: rights, quotas and mounts do not tell it all."""

import tempfile
from pathlib import Path

from dashboard.outages import NO_ROOM

PROBE = bytes(64 * 1024)


def problem_of_folder(folder: Path) -> OSError | None:
    """Why nothing can be stored in the folder; None if something can. Leaves nothing behind.

    A missing folder is not created; its nearest existing parent is tried instead.
    """
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(PROBE)
            file.flush()
    except OSError as error:
        return error
    return None


def is_full(problem: OSError) -> bool:
    """Whether the disk is full. Room may become free by itself; missing rights do not come by themselves."""
    return problem.errno in NO_ROOM
