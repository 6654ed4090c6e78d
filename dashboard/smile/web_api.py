"""Jobs with images, in one call or in two steps that can be saved between, and tokens for hosted web pages."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from dashboard.smile import constants, validation
from dashboard.smile.errors import SmileError, TransportFailed
from dashboard.smile.id_api import IDApi
from dashboard.smile.partner import PartnerClient
from dashboard.smile.transport import Transport
from dashboard.smile.upload_job import announced_job, checked_job
from dashboard.smile.utilities import Utilities


class WebApi(PartnerClient):
    """Submits jobs, asks for their status, and gets web tokens.

    default_callback: the web address for results when a call names none; None or "" where there is none.
    poll_tries, poll_wait: requests and seconds that `return_job_status` waits, see `Utilities.wait_for_result`.
    The other arguments are those of `PartnerClient`.
    Raises InvalidRequest for malformed arguments.

    https://docs.usesmileid.com/products/for-individuals-kyc/biometric-kyc
    """

    def __init__(
        self,
        partner_id: str,
        default_callback: str | None,
        api_key: str,
        sid_server: int | str,
        *,
        transport: Transport | None = None,
        verify_keys: Sequence[str] = (),
        poll_tries: int = 22,
        poll_wait: float = 2.0,
    ) -> None:
        super().__init__(partner_id, api_key, sid_server, transport=transport, verify_keys=verify_keys)
        _check_client(default_callback, poll_tries, poll_wait)
        transport = self._partner.transport
        self._id_api = IDApi(partner_id, api_key, sid_server, transport=transport, verify_keys=verify_keys)
        self._utilities = Utilities(partner_id, api_key, sid_server, transport=transport, verify_keys=verify_keys)
        self.default_callback = default_callback or ""
        self._poll_tries = poll_tries
        self._poll_wait = poll_wait

    def submit_job(
        self,
        partner_params: Mapping[str, Any],
        image_details: Sequence[Mapping[str, Any]] | None = None,
        id_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Submit a job of type 1, 2, 4, 6, 8, 9 or 11 with its images; 5 and 7 go to `IDApi.submit_job`.

        partner_params: `user_id` and `job_id` (text, the job_id never used before), `job_type` (a number), and
            anything else that should come back with the result.
        image_details: a list of {"image_type_id": 0-7, "image": ...}. For files (0 selfie, 1 ID front, 4 liveness,
            5 ID back) `image` is a path, the bytes, or an open binary file, which is read from its start; a path
            may be named `file_name` instead. For base64 (2 selfie, 3 ID front, 6 liveness, 7 ID back) it is base64
            text or bytes. None for job types 5 and 7.
        id_info: `country`, `id_type`, `id_number`, names, `dob` (YYYY-MM-DD), `consent_information`, ...; with
            `entered` (a boolean or its text) the ID authority looks the number up. None where there is nothing to say.
        options: booleans `return_job_status` (wait for the result), `return_history` and `return_image_links` or
            `return_images` (ask for more of it), `use_enrolled_image` (compare a document with the enrolled photo),
            `signature` (True signature, False sec_key; by default the key decides); `optional_callback`, a
            web address for this job's result, or "" for the default callback.

        Dates, UUIDs, decimals and Enum members are sent as JSON values; entries that are None are left out.

        Returns {"success": True, "smile_job_id": ...}, or the final job status with `return_job_status`.
        Raises InvalidRequest before anything is sent; TransportFailed and Refused, after which nothing is repeated;
        JobStillRunning and BadSignature. Errors after the prep upload carry the `smile_job_id`.

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1
        https://docs.usesmileid.com/products/for-individuals-kyc/biometric-kyc
        """
        if _is_for_id_api(partner_params):
            return self._id_api.submit_job(partner_params, id_info or {}, self._id_api_options(options))
        job = checked_job(
            self._partner, self.default_callback, partner_params, image_details, id_info, options, {}, is_whole=True
        )
        with ExitStack() as stack:
            # Files are opened first, so that a missing one does not use up the job id.
            files = job.open_images(stack)
            prepared = job.prepare(retry=False)
            try:
                job.send(prepared["upload_url"], files)
                if not job.options.get("return_job_status"):
                    return {"success": True, "smile_job_id": prepared["smile_job_id"]}
                return self._utilities.wait_for_result(
                    job.partner_params["user_id"],
                    job.partner_params["job_id"],
                    job.options,
                    poll_tries=self._poll_tries,
                    poll_wait=self._poll_wait,
                )
            except SmileError as error:
                error.smile_job_id = prepared["smile_job_id"]
                raise

    def validate_job(
        self,
        partner_params: Mapping[str, Any],
        image_details: Sequence[Mapping[str, Any]] | None = None,
        id_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Check the arguments of `submit_job`, files included, without sending anything.

        Raises InvalidRequest whose `fields` name everything that is wrong: "user_id", "job_id", "job_type",
        "images" or "images[0]", "country", "id_type", "id_number", "entered", names of options, "callback_url".
        """
        if _is_for_id_api(partner_params):
            self._id_api.validate_job(partner_params, id_info, self._id_api_options(options))
        else:
            checked_job(
                self._partner, self.default_callback, partner_params, image_details, id_info, options, {}, is_whole=True
            )

    def prepare_upload(
        self,
        partner_params: Mapping[str, Any],
        *,
        callback_url: str | None = None,
        use_enrolled_image: bool = False,
        retry: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Register a job with images, the first of two steps. It is sent once; a job id can be registered once.

        partner_params, options: as for `submit_job`. callback_url: instead of `optional_callback` and the default.
        retry: register a job id again whose first answer was lost.
        Returns Smile's answer with `upload_url`, `ref_id` and `smile_job_id`; keep it until the zip has arrived.
        Raises InvalidRequest, TransportFailed, Refused (code 2215: the job id is already registered), BadSignature.

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1
        """
        wrong: validation.Wrong = {}
        validation.check_flag(retry, "retry", wrong)
        chosen = _with(options, callback_url, use_enrolled_image, wrong)
        job = announced_job(self._partner, self.default_callback, partner_params, chosen, wrong)
        return job.prepare(retry=retry)

    def upload_zip(
        self,
        upload_url: str,
        partner_params: Mapping[str, Any],
        image_details: Sequence[Mapping[str, Any]],
        id_info: Mapping[str, Any] | None = None,
        *,
        callback_url: str | None = None,
        use_enrolled_image: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Send the zip to the `upload_url` of `prepare_upload`, the second step; may be repeated to the same address.

        The arguments and rules are those of both steps and `submit_job`; images are opened again.
        Raises InvalidRequest, TransportFailed, Refused (403: the address has expired; prepare again with retry).

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
        """
        wrong: validation.Wrong = {}
        validation.check_text(upload_url, "upload_url", wrong)
        chosen = _with(options, callback_url, use_enrolled_image, wrong)
        job = checked_job(
            self._partner, self.default_callback, partner_params, image_details, id_info, chosen, wrong, is_whole=False
        )
        with ExitStack() as stack:
            job.send(upload_url, job.open_images(stack))

    def get_job_status(
        self, partner_params: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The present status of a job; `partner_params` needs its `user_id` and `job_id`.

        Options and answer are those of `Utilities.get_job_status`.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/job-status
        """
        wrong: validation.Wrong = {}
        params = validation.checked_partner_params(partner_params, wrong, None)
        validation.refuse_if(wrong)
        return self._utilities.get_job_status(params["user_id"], params["job_id"], options)

    def get_web_token(
        self, request_params: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A token with which the hosted web pages can submit one job.

        request_params: `user_id`, `job_id`, `product` (text; see constants.WEB_PRODUCTS), and `callback_url`, which
            may be left out when there is a default callback.
        options: `signature` chooses how the request is signed.
        Returns {"token": text, ...}.
        Raises InvalidRequest, TransportFailed, Refused (2217: unknown product), BadSignature.

        https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration/usage
        """
        wrong: validation.Wrong = {}
        params = validation.checked_partner_params(request_params, wrong, None, name="request_params")
        validation.check_text(params.get("product"), "product", wrong)
        callback_url = params.get("callback_url") or self.default_callback
        validation.check_address(callback_url, "callback_url", wrong)
        chosen = self._partner.checked_options(options, wrong)
        validation.refuse_if(wrong)
        answer = self._partner.submit(
            f"{self._partner.server.v1}/token",
            {
                "partner_id": self._partner.partner_id,
                "user_id": params["user_id"],
                "job_id": params["job_id"],
                "product": constants.WEB_PRODUCTS.get(params["product"], params["product"]),
                "callback_url": callback_url,
            },
            chosen,
        )
        if not isinstance(answer.get("token"), str):
            raise TransportFailed("Smile's answer holds no token.")
        return answer

    def _id_api_options(self, options: Any) -> Any:
        """The options, with the default callback for an asynchronous lookup that names none."""
        if not self.default_callback or not isinstance(options, Mapping) or not options.get("async"):
            return options
        return {**options, "optional_callback": options.get("optional_callback") or self.default_callback}


def _is_for_id_api(partner_params: Any) -> bool:
    return isinstance(partner_params, Mapping) and str(partner_params.get("job_type")) in ("5", "7")


def _check_client(default_callback: Any, poll_tries: Any, poll_wait: Any) -> None:
    wrong: validation.Wrong = {}
    if default_callback not in (None, ""):
        validation.check_address(default_callback, "default_callback", wrong)
    validation.check_number(poll_tries, "poll_tries", wrong, is_whole=True)
    validation.check_number(poll_wait, "poll_wait", wrong)
    validation.refuse_if(wrong)


def _with(options: Any, callback_url: Any, use_enrolled_image: Any, wrong: validation.Wrong) -> Any:
    """The options of a single step, with its own arguments added."""
    validation.check_flag(use_enrolled_image, "use_enrolled_image", wrong)
    if callback_url not in (None, ""):
        validation.check_address(callback_url, "callback_url", wrong)
    if options is not None and not isinstance(options, Mapping):
        return options
    chosen = dict(options or {})
    if callback_url and "callback_url" not in wrong:
        chosen["optional_callback"] = callback_url
    if use_enrolled_image is True:
        chosen["use_enrolled_image"] = True
    return chosen
