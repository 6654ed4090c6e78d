"""The health check of connections: how many descriptors are open, and how many are allowed."""

from flask import has_request_context

from dashboard.health_checks import CheckContext, Finding, ok, warn
from dashboard.web.serving.descriptors import WANTED, connections_within, count_open, limits

WARNS_AT = 0.8
ADVICE = f"Raise the limit: LimitNOFILE={WANTED * 2} in systemd, `ulimit -n {WANTED * 2}` in a shell."


def connections(_: CheckContext) -> Finding:
    """Only the web process knows how many it has open; `dashboard doctor` is another process."""
    allowed, most = limits()
    if has_request_context():
        open_now = count_open()
        sentence = f"{open_now:,} of {allowed:,} file descriptors of this process are open; each connection takes one."
        return warn(sentence, ADVICE) if open_now > WARNS_AT * allowed else ok(sentence)
    sentence = f"The file descriptor limit here allows a web process {connections_within(most):,} connections at once."
    return warn(sentence, ADVICE) if most < WANTED else ok(sentence)
