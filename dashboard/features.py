"""The list of all features, lowest layer first. Each may import only those listed before it."""

from sqlmodel import SQLModel

from dashboard.audit.feature import FEATURE as AUDIT
from dashboard.callbacks.feature import FEATURE as CALLBACKS
from dashboard.feature import Feature
from dashboard.find.feature import FEATURE as FIND
from dashboard.health.feature import FEATURE as HEALTH
from dashboard.jobs.feature import FEATURE as JOBS
from dashboard.links.feature import FEATURE as LINKS
from dashboard.overview.feature import FEATURE as OVERVIEW
from dashboard.privacy.feature import FEATURE as PRIVACY
from dashboard.reports.feature import FEATURE as REPORTS
from dashboard.rollups.feature import FEATURE as ROLLUPS
from dashboard.saved_views.feature import FEATURE as SAVED_VIEWS
from dashboard.settings.feature import FEATURE as SETTINGS
from dashboard.team.feature import FEATURE as TEAM
from dashboard.web.feature import FEATURE as WEB
from dashboard.worker.feature import FEATURE as WORKER

FEATURES: tuple[Feature, ...] = (
    *(WEB, WORKER, ROLLUPS, AUDIT, TEAM, SAVED_VIEWS, JOBS, LINKS, CALLBACKS, REPORTS, PRIVACY, FIND, HEALTH, SETTINGS),
    OVERVIEW,
)

#: All tables, since importing the features imports their models.
metadata = SQLModel.metadata
