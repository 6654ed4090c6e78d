"""The words for the timeline lines that links add to a job."""

from dashboard.feature import EventWords
from dashboard.jobs.timeline import EventKind
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.languages import Sentence

WORDS: dict[str, EventWords] = {
    EventKind.CONSENTED: lambda facts, _: (
        f"The customer agreed, in {LANGUAGE_NAMES[facts['language']]}: {Sentence(facts['agreed']).unmarked}"
    )
}
