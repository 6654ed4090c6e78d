"""Lines of a job's timeline that links add, in words."""

from dashboard.feature import EventWords
from dashboard.jobs.timeline import EventKind
from dashboard.links.languages import LANGUAGES

WORDS: dict[str, EventWords] = {
    EventKind.CONSENTED: lambda facts, _: f"The customer agreed, in {LANGUAGES[facts['language']]}: {facts['agreed']}"
}
