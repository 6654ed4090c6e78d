"""What links are counted by. Their stages depend on the time, so no sum can know them."""

from dashboard.links.models import Link
from dashboard.rollups.counted import CountedTable, cubes_of
from dashboard.rollups.counting import RollupCounter

COUNTED = CountedTable(
    "link",
    Link,
    {"kind": "kind", "product": "product", "country": "country", "id_type": "id_type", "maker": "created_by"},
    cubes_of("link", ("kind", "product"), by_day=("country",), more=("country", "id_type", "maker")),
)
COUNTER = RollupCounter(COUNTED)
