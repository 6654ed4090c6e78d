"""HTTP in, HTTP out for team."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)
