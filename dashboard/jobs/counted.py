"""What jobs are counted by."""

from dashboard.jobs.models import Job
from dashboard.rollups.counted import CountedTable, cubes_of
from dashboard.rollups.counting import RollupCounter

COUNTED = CountedTable(
    "job",
    Job,
    {
        "state": "state",
        "outcome": "outcome",
        "warnings": "warning_kinds",
        "product": "product",
        "country": "country",
        "id_type": "id_type",
        "maker": "created_by",
    },
    cubes_of(
        "job",
        ("state", "outcome", "product", "country", "id_type"),
        more=("api", "warnings", "maker"),
        alone=("api", "warnings", "maker"),
    ),
    constants={"api": "v1"},  # The only version of Smile's API that jobs are sent by.
)
COUNTER = RollupCounter(COUNTED)
