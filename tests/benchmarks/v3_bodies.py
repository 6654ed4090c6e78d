"""2,000 multipart bodies of every kind against the simulator of v3: it answers each, and never with a 5xx."""

import io
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.state import of
from dashboard.sandbox.world.store import User
from tests.benchmarks.report import Figure
from tests.factories.multipart import multipart_bodies
from tests.unit.sandbox import calls
from tests.unit.sandbox.v3.bodies import token_headers

BODIES = 2000


def measure(folder: Path) -> list[Figure]:
    chosen = SandboxSettings(
        partner_id=calls.PARTNER_ID, api_key=calls.API_KEY, instance_dir=folder, wallet_balance=1e9
    )
    app = create_sandbox(chosen)
    of(app).store.save_user(User("enrolled", enrolled=True))
    client = app.test_client()
    headers = token_headers(client)
    statuses: dict[int, int] = {}

    @given(case=multipart_bodies())
    @settings(
        max_examples=BODIES, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(case: Any) -> None:
        path, content_type, body, more = case
        answer = client.post(
            f"/v3/{path}", input_stream=io.BytesIO(body), content_type=content_type, content_length=len(body),
            headers=headers | more,
        )  # fmt: skip
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1

    send()
    errors = sum(count for status, count in statuses.items() if status >= 500)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    title = f"{sum(statuses.values()):,} multipart bodies to v3, answers of 5xx"
    return [Figure(title, errors, "", 0, is_at_least=False, details=told)]
