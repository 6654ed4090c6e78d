"""HTTP in, HTTP out for audit."""

from flask import Blueprint

blueprint = Blueprint("audit", __name__)
