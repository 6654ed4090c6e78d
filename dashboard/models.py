"""Every table in one place, for what looks at all of them: migrations, and the check of the schema."""

from sqlmodel import SQLModel

from dashboard import smile_keys, stored_settings
from dashboard.audit import models as audit
from dashboard.callbacks import models as callbacks
from dashboard.callbacks import sealing as sealing_of_callbacks
from dashboard.jobs import models as jobs
from dashboard.links import models as links
from dashboard.privacy import models as privacy
from dashboard.team import door_models as door
from dashboard.team import models as team
from dashboard.team import one_time, outbox
from dashboard.worker import models as worker

__all__ = [
    "audit",
    "callbacks",
    "door",
    "jobs",
    "links",
    "metadata",
    "one_time",
    "outbox",
    "privacy",
    "sealing_of_callbacks",
    "smile_keys",
    "stored_settings",
    "team",
    "worker",
]

metadata = SQLModel.metadata
