"""The one blueprint of the slice; its views stand in views.py (the door), account_views.py, member_views.py and beside."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)
