"""Whether files can be stored in a folder: found by storing one, since rights, quotas and mounts say only half."""

import tempfile
from pathlib import Path

from dashboard.outages import NO_ROOM

PROBE = bytes(64 * 1024)


def problem_of_folder(folder: Path) -> OSError | None:
    """Why nothing can be stored there; None where it can. Nothing stays behind, and a folder that is missing is not
    made: its nearest one that is there has to take it."""
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
    """Room may come free by itself; what may not be written is a matter of rights."""
    return problem.errno in NO_ROOM
