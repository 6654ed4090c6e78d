"""Reads of refused deliveries for today's bar."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.db import first_id_of


def count_refused(session: Session, environment: str, since: datetime, until: datetime) -> int:
    """Deliveries, of which one row may stand for many."""
    of_stretch = [col(RefusedDelivery.id) >= first_id_of(since), col(RefusedDelivery.id) < first_id_of(until)]
    total = select(func.coalesce(func.sum(RefusedDelivery.count), 0))
    return int(session.exec(total.where(RefusedDelivery.environment == environment, *of_stretch)).one())
