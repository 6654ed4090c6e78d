"""What callbacks are counted by: after they were acknowledged, so that receiving one takes no longer."""

from dashboard.callbacks.models import Callback
from dashboard.rollups.counted import CountedTable, cubes_of
from dashboard.rollups.counting import RollupCounter

COUNTED = CountedTable(
    "callback",
    Callback,
    {"verdict": "verdict", "product": "product", "country": "country"},
    cubes_of("callback", ("verdict", "product", "country")),
    brings_deltas=False,
)
COUNTER = RollupCounter(COUNTED)
