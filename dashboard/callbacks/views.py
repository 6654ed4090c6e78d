"""HTTP in, HTTP out for callbacks."""

from flask import Blueprint

blueprint = Blueprint("callbacks", __name__)
