"""Lines of a job's timeline that callbacks add, in words."""

from dashboard.callbacks.reason_words import callback_again_words, callback_words
from dashboard.callbacks.refused.reasons import refused_words
from dashboard.feature import EventWords
from dashboard.jobs.timeline import EventKind

WORDS: dict[str, EventWords] = {
    EventKind.CALLBACK: callback_words,
    EventKind.CALLBACK_AGAIN: callback_again_words,
    EventKind.REFUSED_DELIVERY: refused_words,
}
