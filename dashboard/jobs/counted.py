"""What jobs are counted by."""

from dashboard.jobs.models import Job
from dashboard.rollups.counted import CountedTable, Cube, cubes_of
from dashboard.rollups.counting import RollupCounter
from dashboard.rollups.periods import Grain

#: A row of a duration is nearly one of a job where many dimensions are told apart, so none of these tells many.
FOR_REPORTS = (
    Cube("job.month_authority", Grain.MONTH, ("outcome", "product", "country", "id_type")),
    Cube("job.month_code", Grain.MONTH, ("product", "country", "code")),
    Cube("job.day_code", Grain.DAY, ("product", "country", "code")),
    Cube("job.day_api", Grain.DAY, ("api", "outcome", "product")),
    Cube("job.day_took", Grain.DAY, ("took",)),
    Cube("job.month_product_took", Grain.MONTH, ("product", "took")),
    Cube("job.day_product_took", Grain.DAY, ("product", "took")),
    Cube("job.month_authority_took", Grain.MONTH, ("country", "id_type", "took")),
    Cube("job.day_authority_took", Grain.DAY, ("country", "id_type", "took")),
    Cube("job.quarter_authority_took", Grain.QUARTER, ("country", "id_type", "took")),
)

COUNTED = CountedTable(
    "job",
    Job,
    {
        "api": "api",
        "state": "state",
        "outcome": "outcome",
        "warnings": "warning_kinds",
        "product": "product",
        "country": "country",
        "id_type": "id_type",
        "maker": "created_by",
        "code": "result_code",
        "took": "took",
    },
    cubes_of(
        "job",
        ("state", "outcome", "product", "country", "id_type"),
        more=("api", "warnings", "maker", "code"),
        alone=("api", "warnings", "maker", "code"),
        others=FOR_REPORTS,
    ),
)
COUNTER = RollupCounter(COUNTED)
