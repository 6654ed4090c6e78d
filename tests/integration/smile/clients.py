"""Smile's own client and ours behind the few names that tests need of both, and arguments that both understand."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import smile_id_core

from dashboard import smile
from tests.factories.images import make_jpeg
from tests.integration.smile.simulator import API_KEY, CALLBACK, PARTNER_ID

POLLED = {"return_job_status": True, "return_history": True, "return_images": True, "use_enrolled_image": False}
BVN = {"country": "NG", "id_type": "BVN", "id_number": "00000000000", "entered": True}
BUSINESS = {"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"}


class Client(NamedTuple):
    """job_status(partner_params, options) and web_token(user_id, job_id, product) differ in how they are called.

    Theirs has no services.
    """

    web_api: Any
    id_api: Any
    job_status: Callable[..., dict[str, Any]]
    web_token: Callable[..., dict[str, Any]]
    services: Any = None


def official_client(v1: str, callback: str = CALLBACK) -> Client:
    web_api = smile_id_core.WebApi(PARTNER_ID, callback, API_KEY, v1)
    id_api = smile_id_core.IdApi(PARTNER_ID, API_KEY, v1)
    utilities = smile_id_core.Utilities(PARTNER_ID, API_KEY, v1)
    return Client(web_api, id_api, utilities.get_job_status, web_api.get_web_token)


@contextmanager
def our_client(
    v1: str,
    callback: str = CALLBACK,
    *,
    api_key: str = API_KEY,
    ca_file: str | None = None,
    timeout: tuple[float, float] = (5.0, 10.0),
) -> Iterator[Client]:
    with smile.Transport(v1, ca_file=ca_file, timeout=timeout) as transport:
        web_api = smile.WebApi(PARTNER_ID, callback, api_key, v1, transport=transport, poll_wait=0.05)

        def web_token(user_id: str, job_id: str, product: str) -> dict[str, Any]:
            return web_api.get_web_token({"user_id": user_id, "job_id": job_id, "product": product})

        id_api = smile.IDApi(PARTNER_ID, api_key, v1, transport=transport)
        services = smile.Services(PARTNER_ID, api_key, v1, transport=transport)
        yield Client(web_api, id_api, web_api.get_job_status, web_token, services)


def params(job_type: int, **extra: Any) -> dict[str, Any]:
    """A job and a user of their own, so that tests can share one simulator."""
    unique = uuid.uuid4().hex[:12]
    return {"user_id": f"user-{unique}", "job_id": f"job-{unique}", "job_type": job_type, **extra}


def enrolled(client: Client, folder: Path) -> str:
    """The id of a user whose photo the simulator has on file."""
    job = params(4)
    client.web_api.submit_job(job, [selfie(folder)], {}, POLLED)
    return str(job["user_id"])


def selfie(folder: Path) -> dict[str, Any]:
    return file_image(folder, 0, "selfie.jpg")


def card(folder: Path) -> dict[str, Any]:
    return file_image(folder, 1, "card.jpg")


def file_image(folder: Path, kind: int, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make_jpeg(kind))
    return {"image_type_id": kind, "file_name": str(path)}
