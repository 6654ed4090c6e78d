"""Links to the images of a job, which expire, and the view that serves the images."""

import hmac
import time
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from dashboard.sandbox.state import Sandbox, current
from dashboard.sandbox.world.object_store import denied, expired
from dashboard.sandbox.world.store import Job

images = Blueprint("images", __name__)


def image_links(sandbox: Sandbox, job: Job) -> dict[str, str]:
    """The names of a job's images and their links, on the scheme and host that the job was submitted to.

    The links expire after `image_link_lifetime_seconds`.

    https://docs.usesmileid.com/further-reading/job-status
    """
    expires = int(time.time() + sandbox.settings.image_link_lifetime_seconds)
    return {name: job.base_url + _signed(sandbox, job.smile_job_id, name, expires) for name in job.images}


@images.get("/images/<smile_job_id>/<name>.jpg")
def show(smile_job_id: str, name: str) -> Response:
    """GET /images/<smile_job_id>/<name>.jpg: one image of a job, JPEG or PNG.

    A wrong signature, an expired link and a missing image get XML with status 403, as from an object store.
    The form of these addresses is not documented.
    """
    sandbox = current()
    expires = request.args.get("Expires", 0, type=int)
    expected = _signature(sandbox, smile_job_id, name, expires)
    if not hmac.compare_digest(expected.encode(), request.args.get("Signature", "").encode()):
        return denied("The address of the image is not signed correctly")
    if expires < time.time():
        return expired()
    job = sandbox.store.by_number(smile_job_id)
    data = sandbox.store.blob(job.job_id, name) if job else None
    if data is None:
        return denied("There is no such image")
    return Response(data, mimetype="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")


def _signed(sandbox: Sandbox, smile_job_id: str, name: str, expires: int) -> str:
    query = {"Expires": expires, "Signature": _signature(sandbox, smile_job_id, name, expires)}
    return f"/images/{smile_job_id}/{name}.jpg?{urlencode(query)}"


def _signature(sandbox: Sandbox, smile_job_id: str, name: str, expires: int) -> str:
    message = f"{smile_job_id}/{name}/{expires}".encode()
    return hmac.digest(sandbox.signer.secret("image links"), message, "sha256").hex()
