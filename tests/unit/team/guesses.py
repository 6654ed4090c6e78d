"""A guesser with ten simulated minutes: any number of guesses, spread evenly over them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import time_machine
from werkzeug.exceptions import TooManyRequests

from dashboard.team.login.throttle import WINDOW, count_try

BEGIN = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


def guess_for_ten_minutes(guesses: int, whom: Callable[[int], tuple[str, str]]) -> int:
    """How many passwords were looked at. `whom` tells the e-mail address and the network of each guess."""
    looked_at = 0
    step = (WINDOW - timedelta(seconds=1)) / guesses
    with time_machine.travel(BEGIN, tick=False) as clock:
        for number in range(guesses):
            clock.move_to(BEGIN + number * step)
            try:
                count_try(*whom(number))
            except TooManyRequests:
                continue
            looked_at += 1
    return looked_at
