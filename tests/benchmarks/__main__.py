"""`make bench`: each benchmark prints its figures as ratios, beside the budget it is held to; a miss ends in exit 1."""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import (
    any_answer,
    at_a_million,
    attacks,
    both_generations,
    busy_desk,
    callbacks,
    callbacks_postgres,
    connections,
    dead_codes,
    flipped_bits,
    floods,
    killed_web,
    kills,
    last_owner,
    maintenance,
    markup,
    mixed_load,
    orders,
    outages,
    periodic,
    polling,
    presses,
    restores,
    rollups,
    scale,
    short_of_space,
    sign_ins,
    silence,
    slow_senders,
    starts,
    submission,
    sync_before_answer,
    trail,
    v3_bodies,
    v3_submission,
    verdict_on_screen,
)
from tests.benchmarks.report import Figure

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "submission": submission.measure,
    "v3_submission": v3_submission.measure,
    "v3_bodies": v3_bodies.measure,
    "polling": polling.measure,
    "busy_desk": busy_desk.measure,
    "kills": kills.measure,
    "both_generations": both_generations.measure,
    "periodic": periodic.measure,
    "killed_web": killed_web.measure,
    "short_of_space": short_of_space.measure,
    "sync_before_answer": sync_before_answer.measure,
    "outages": outages.measure,
    "mixed_load": mixed_load.measure,
    "silence": silence.measure,
    "slow_senders": slow_senders.measure,
    "connections": connections.measure,
    "orders": orders.measure,
    "rollups": rollups.measure,
    "floods": floods.measure,
    "dead_codes": dead_codes.measure,
    "starts": starts.measure,
    "last_owner": last_owner.measure,
    "presses": presses.measure,
    "restores": restores.measure,
    "flipped_bits": flipped_bits.measure,
    "attacks": attacks.measure,
    "any_answer": any_answer.measure,
    "sign_ins": sign_ins.measure,
    "callbacks": callbacks.measure,
    "callbacks_postgres": callbacks_postgres.measure,
    "trail": trail.measure,
    "maintenance": maintenance.measure,
    "verdict_on_screen": verdict_on_screen.measure,
    "markup": markup.measure,
    "scale": scale.measure,
    "at_a_million": at_a_million.measure,
}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    missed = 0
    for name in wanted:
        with TemporaryDirectory() as folder:
            for figure in BENCHMARKS[name](Path(folder)):
                print(figure.line(), flush=True)
                missed += not figure.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
