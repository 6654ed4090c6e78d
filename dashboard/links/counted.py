"""What links are counted by: not by their stages, which depend on the time, but by how far their customers came."""

from dashboard.links.models import Link
from dashboard.rollups.counted import CountedTable, cubes_of
from dashboard.rollups.counting import RollupCounter

COUNTED = CountedTable(
    "link",
    Link,
    {
        "state": "reached",
        "kind": "kind",
        "product": "product",
        "country": "country",
        "id_type": "id_type",
        "maker": "created_by",
    },
    cubes_of("link", ("kind", "product"), by_day=("country", "state"), more=("country", "id_type", "maker", "state")),
)
COUNTER = RollupCounter(COUNTED)
