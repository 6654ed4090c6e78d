"""The list of erasures. It has no filters: nothing in a proof tells one person from another."""

from dataclasses import dataclass

from dashboard.privacy.models import Erasure
from dashboard.web.lists.filters import Column, ListFilter


@dataclass(frozen=True)
class ErasureFilter(ListFilter[Erasure]):
    purpose = "erasures"
    endpoint, json_endpoint = "privacy.index", "privacy.index_json"
    table = Erasure
    nouns = ("erasure", "erasures")
    columns = (
        Column("erased", "Erased", is_fixed=True),
        Column("by", "By"),
        Column("jobs", "Jobs", "s", is_number=True),
        Column("images", "Images", "s", is_number=True),
        Column("callbacks", "Callbacks", "s", is_number=True),
        Column("links", "Links", "s", is_number=True),
    )
