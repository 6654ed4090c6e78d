"""The one blueprint of the slice; its views stand in views.py (the door) and in the files named *_views.py."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)
