"""What the features of the product register, for tests that walk over all of it."""

from dashboard.feature import Features
from dashboard.features import FEATURES

REGISTERED = Features(FEATURES)
TASKS = {task.name: task for task in REGISTERED.tasks}
