"""Turns an error of the HTTP library into a TransportFailed that says whether anything was sent."""

import requests
import urllib3

from dashboard.smile.errors import TransportFailed
from dashboard.smile.guard import LeadsInside

UNSAFE_UPLOAD = "Smile's answer names an upload address that is not safe to use."


def failure_of(error: requests.RequestException) -> TransportFailed:
    """The client's own error, which holds no address and no body."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TransportFailed("Smile could not be reached in time.", maybe_sent=False)
    if isinstance(error, requests.exceptions.SSLError):
        # A certificate is checked before anything is sent; other TLS errors can happen at any time.
        sent = "CERTIFICATE_VERIFY_FAILED" not in str(error)
        return TransportFailed("The secure connection to Smile failed.", maybe_sent=sent)
    if isinstance(error, requests.exceptions.Timeout):
        return TransportFailed("Smile did not answer in time.")
    if isinstance(error, requests.exceptions.ConnectionError):
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None)
        if isinstance(reason, LeadsInside):
            return TransportFailed(UNSAFE_UPLOAD, maybe_sent=False)
        # urllib3 tells a connection that was not made from one that broke.
        if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ProxyError):
            return TransportFailed("Smile could not be reached.", maybe_sent=False)
        return TransportFailed("The connection to Smile broke before an answer came.")
    return TransportFailed("The request to Smile could not be made, or its answer could not be read.")
