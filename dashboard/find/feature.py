"""Registers find: one box for everything."""

from dashboard.feature import Feature
from dashboard.find import views

FEATURE = Feature(name="find", position=65, views=(views,))
