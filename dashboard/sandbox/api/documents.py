"""E-signature: the documents that a token may read, and signing them."""

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox import fields
from dashboard.sandbox.api import authentication
from dashboard.sandbox.api.uploads import job_params
from dashboard.sandbox.refusals import INVALID_JOB_TYPE, MISSING, Refused

documents = Blueprint("documents", __name__)

_TEXT = "Sample agreement of the simulator. Nothing in it binds anybody.\n"


@documents.get("/v1/documents")
def list_documents() -> Response:
    """GET /v1/documents: the documents to sign, by their ids.

    Takes `ids` (separated by commas) in the query.
    Returns `documents`, a list of {"id", "name", "link", "size"}, the size in bytes.
    Raises Refused (2205, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    authentication.by_headers()
    ids = [part for part in request.args.get("ids", "").split(",") if part]
    if not ids:
        raise Refused(MISSING, "Error - A required parameter is missing: ids")
    base = request.host_url.rstrip("/")
    return jsonify(
        {
            "documents": [
                {
                    "id": document_id,
                    "name": f"Sample agreement {document_id}",
                    "link": f"{base}/images/documents/sample.txt",
                    "size": len(_TEXT),
                }
                for document_id in ids
            ]
        }
    )


@documents.get("/images/documents/sample.txt")
def document_text() -> Response:
    """The text of every simulated document. Its address is the simulator's own and not documented."""
    return Response(_TEXT, mimetype="text/plain")


@documents.post("/v1/documents/sign")
def sign() -> Response:
    """POST /v1/documents/sign: sign documents with a multipart request.

    Takes `partner_params` (JSON, job type 12), `smile_client_id`, `ids`, `name`, `document_read_at` and `image`.
    Returns {"success": True}.
    Raises Refused (2203, 2204, 2205, 2212, 2213).

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    caller = authentication.by_headers()
    authentication.check_partner(request.form.get("smile_client_id", ""))
    params = job_params({"partner_params": fields.json_object(request.form.get("partner_params", ""))}, caller)
    if fields.job_type(params) != 12:
        raise Refused(INVALID_JOB_TYPE)
    for name in ("ids", "name", "document_read_at"):
        fields.text(request.form, name)
    if "image" not in request.files and not request.form.get("image"):
        raise Refused(MISSING, "Error - A required parameter is missing: image")
    authentication.spend_token(caller)
    return jsonify({"success": True})
