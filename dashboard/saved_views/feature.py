"""Registers the feature "saved views"."""

from dashboard.feature import Feature
from dashboard.permissions import OWNERS, WORKING, Permission
from dashboard.saved_views import audit_words, models, pinned, views
from dashboard.saved_views.models import SavedView, typed_associated_data
from dashboard.sealed import SealedColumn

FEATURE = Feature(
    name="saved_views",
    position=42,
    models=(models,),
    sealed_columns=(SealedColumn(SavedView, "typed_sealed", typed_associated_data),),
    views=(views,),
    permissions=(
        Permission("views.share", WORKING, "Share saved views of lists with the team"),
        Permission("views.remove_shared", OWNERS, "Remove saved views that others share"),
    ),
    audit_words=(audit_words.WORDS,),
    live_parts=(pinned.PART,),
)
