"""The blueprint that most of the team's views share."""

from flask import Blueprint

blueprint = Blueprint("team", __name__)
