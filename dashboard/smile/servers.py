"""The addresses of Smile ID's servers, by `sid_server`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboard.smile import constants
from dashboard.smile.errors import InvalidRequest


@dataclass(frozen=True)
class Server:
    """The base URLs of one environment; none ends with a slash.

    v1, v2, v3: the generations of the API. portal: the partner operations.
    """

    v1: str
    v2: str
    v3: str
    portal: str
    is_production: bool = False


def server_for(sid_server: int | str) -> Server:
    """The addresses for `sid_server`: 0 or "0" sandbox, 1 or "1" production, else a base URL with its `/v1` or `/v3`.

    Raises InvalidRequest for anything else.

    https://docs.usesmileid.com/further-reading/security-overview
    """
    # True equals 1 in Python, and a boolean must not lead to production.
    if not isinstance(sid_server, bool):
        if sid_server in (0, "0"):
            return _server(constants.SANDBOX_URL, constants.SANDBOX_PORTAL_URL)
        if sid_server in (1, "1"):
            return _server(constants.PRODUCTION_URL, constants.PRODUCTION_PORTAL_URL, is_production=True)
        if isinstance(sid_server, str):
            return _custom(sid_server)
    raise InvalidRequest({"sid_server": "use 0 (sandbox), 1 (production) or a base URL"})


def _server(v1: str, portal: str, *, is_production: bool = False) -> Server:
    host = v1.removesuffix("/v1")
    return Server(v1, f"{host}/v2", f"{host}/v3", f"{portal}/api/v2/partner", is_production)


def _custom(url: str) -> Server:
    url = url.strip().rstrip("/")
    if url.endswith("/v3"):
        url = url.removesuffix("/v3") + "/v1"
    if url in (constants.SANDBOX_URL, constants.PRODUCTION_URL):
        return server_for(int(url == constants.PRODUCTION_URL))
    try:
        parts = urlsplit(url)
        # Reading the port raises if it is malformed.
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise InvalidRequest({"sid_server": "use 0 (sandbox), 1 (production) or a base URL"})
    if not url.endswith("/v1"):
        raise InvalidRequest({"sid_server": "a base URL has to include its /v1 at the end"})
    return _server(url, f"{parts.scheme}://{parts.netloc}")
