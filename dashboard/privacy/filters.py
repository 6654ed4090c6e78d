"""What the list of erasures shows: all of them, since nothing in a proof tells one person from another."""

from dataclasses import dataclass

from dashboard.privacy.models import Erasure
from dashboard.web.lists.filters import ListFilter


@dataclass(frozen=True)
class ErasureFilter(ListFilter[Erasure]):
    purpose = "erasures"
    endpoint, json_endpoint = "privacy.index", "privacy.index_twin"
    table = Erasure
    nouns = ("erasure", "erasures")
