"""POST /v1/upload hands out an address, and PUT to that address takes the zip."""

import hmac
import secrets
import time
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication, enrolment
from dashboard.sandbox.api.authentication import Caller
from dashboard.sandbox.api.processing import work_later
from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import INVALID_JOB_TYPE, JOB_EXISTS, Refused
from dashboard.sandbox.state import Sandbox, current
from dashboard.sandbox.world import object_store
from dashboard.sandbox.world.outcomes import PRODUCT_OF_JOB_TYPE
from dashboard.sandbox.world.store import ZIP, Job
from dashboard.sandbox.world.warnings import check_params
from dashboard.smile.constants import CODE_UPLOAD_PREPARED, UPLOAD_JOB_TYPES

ZIP_TYPE = "application/zip"

uploads = Blueprint("uploads", __name__)


@uploads.post("/v1/upload")
def prepare() -> Response:
    """POST /v1/upload: register a job and hand out the address for its zip.

    Takes `smile_client_id`, `partner_params`, `callback_url`, and optionally `use_enrolled_image`, `allow_new_enroll`,
    `retry`, `file_name` and `model_parameters`.
    Returns `upload_url`, `ref_id`, `smile_job_id` (ten digits), `camera_config` (None) and `code` "2202".
    Raises Refused (2203 to 2205, 2207 to 2213, 2215 for a job_id that exists).

    https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1
    """
    sandbox = current()
    body = fields.json_body()
    caller = authentication.by_signature_or_token(body, "smile_client_id")
    params = job_params(body, caller)
    callback_url = fields.callback_url(body) or str(caller.claims.get("callback_url") or "")
    fields.source_sdk(body, sandbox.settings.require_source_sdk and not caller.legacy)
    fields.optional_text(body, "file_name")
    fields.mapping(body, "model_parameters")
    use_enrolled_image, allow_new_enroll = (
        fields.flag(body, name) for name in ("use_enrolled_image", "allow_new_enroll")
    )
    retry = fields.flag(body, "retry")
    job_type = fields.job_type(params)
    if job_type not in UPLOAD_JOB_TYPES:
        raise Refused(INVALID_JOB_TYPE)
    with sandbox.store.lock:
        job = sandbox.store.jobs.get(params["job_id"])
        if job is None:
            enrolment.check(
                sandbox, params["user_id"], job_type,
                use_enrolled_image=use_enrolled_image,
                allow_new_enroll=allow_new_enroll,
            )  # fmt: skip
            job = new_job(sandbox, params, PRODUCT_OF_JOB_TYPE[job_type], callback_url, caller)
        elif not (retry and _may_reopen(sandbox, job, params, job_type)):
            raise Refused(JOB_EXISTS, "Job already exists. Did you mean to set the retry flag to true?")
        job.partner_params, job.callback_url, job.legacy = params, callback_url, caller.legacy
        job.use_enrolled_image = use_enrolled_image
        job.prepared += 1
        sandbox.store.save(job)
        authentication.spend_token(caller)
    return jsonify(
        {
            "upload_url": _upload_url(sandbox, job),
            "ref_id": f"{sandbox.settings.partner_id}-{job.smile_job_id}-{secrets.token_hex(15)}",
            "smile_job_id": job.smile_job_id,
            "camera_config": None,
            "code": CODE_UPLOAD_PREPARED,
        }
    )


@uploads.put("/uploads/<job_key>/<token>/attachments.zip")
def take(job_key: str, token: str) -> Response:
    """PUT /uploads/<job_key>/<token>/attachments.zip: take the zip, as an object store would, without opening it.

    Answers 200 without a body. A wrong or expired address, or a Content-Type other than application/zip, gets XML with
    status 403, a missing length 411. The form of the address is not documented.

    https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
    """
    sandbox = current()
    expires = request.args.get("Expires", 0, type=int)
    expected = _upload_signature(sandbox, job_key, token, expires)
    if not hmac.compare_digest(expected.encode(), request.args.get("Signature", "").encode()):
        return object_store.denied("The address is not signed correctly")
    if expires < time.time():
        return object_store.expired()
    if request.headers.get("Content-Type") != ZIP_TYPE:
        return object_store.refusal("SignatureDoesNotMatch", f"The address was signed for Content-Type {ZIP_TYPE}", 403)
    if request.content_length is None:
        return object_store.refusal("MissingContentLength", "The length of the zip must be declared", 411)
    data = request.get_data()
    with sandbox.store.lock:
        job = sandbox.store.by_number(job_key)
        if job is None:
            return object_store.denied("The address belongs to no job")
        job.zips += 1
        if job.accepted_upload == "" or (job.accepted_upload == token and job.process_at is not None):
            sandbox.store.put_blob(job.job_id, ZIP, data)
        if job.accepted_upload == "":
            job.accepted_upload = token
            job.charged += 1
            work_later(sandbox, job)
        elif job.accepted_upload != token:
            # A second zip to another address is a second submission, and is charged as one.
            job.charged += 1
        sandbox.store.save(job)
    return Response(status=200)


def job_params(body: Json, caller: Caller) -> Json:
    """The checked partner_params of a request; the claims of a web token override the fields of the body.

    Raises Refused: 2204 wrong type, 2212 a job type that the token is not for, 2213 missing field.
    """
    given = fields.mapping(body, "partner_params")
    claimed = caller.claims.get("partner_params", {})
    params = fields.partner_params({**given, **claimed})
    check_params(params)
    if "job_type" in given and "job_type" in claimed and fields.job_type(given) != fields.job_type(claimed):
        if current().settings.web_token_binds_job_type:
            raise Refused(INVALID_JOB_TYPE, "The web token was made for another product")
        params["job_type"] = fields.job_type(given)
    return params


def new_job(sandbox: Sandbox, params: Json, product: str, callback_url: str, caller: Caller) -> Job:
    """A new job, not saved yet. The caller holds the store's lock.

    Raises Refused (2215) if the job_id exists.
    """
    if params["job_id"] in sandbox.store.jobs:
        raise Refused(JOB_EXISTS, "Error - Job already exists for job_id")
    return Job(
        job_id=params["job_id"],
        user_id=params["user_id"],
        job_type=fields.job_type(params),
        product=product,
        partner_params=params,
        smile_job_id=sandbox.store.next_smile_job_id(),
        base_url=request.host_url.rstrip("/"),
        callback_url=callback_url,
        legacy=caller.legacy,
        link_ref=caller.link_ref,
        created_at=time.time(),
    )


def _may_reopen(sandbox: Sandbox, job: Job, params: Json, job_type: int) -> bool:
    same = (job.user_id, job.job_type) == (params["user_id"], job_type)
    return same and job.charged == 0 and sandbox.settings.retry_reopens_before_zip


def _upload_url(sandbox: Sandbox, job: Job) -> str:
    expires = int(time.time() + sandbox.settings.upload_url_lifetime_seconds)
    token = secrets.token_urlsafe(18)
    query = {
        "Content-Type": ZIP_TYPE,
        "Expires": expires,
        "Signature": _upload_signature(sandbox, job.smile_job_id, token, expires),
    }
    address = f"/uploads/{job.smile_job_id}/{token}/attachments.zip?{urlencode(query)}"
    return request.host_url.rstrip("/") + address


def _upload_signature(sandbox: Sandbox, job_key: str, token: str, expires: int) -> str:
    message = f"{job_key}/{token}/{expires}".encode()
    return hmac.digest(sandbox.signer.secret("upload addresses"), message, "sha256").hex()
