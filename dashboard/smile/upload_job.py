"""A job with images: checked, registered at Smile (prep upload), and sent as a zip."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from dashboard.smile import constants, validation
from dashboard.smile.errors import TransportFailed
from dashboard.smile.image_files import Image, OpenImage, open_image_files
from dashboard.smile.images import checked_images
from dashboard.smile.package import package
from dashboard.smile.partner import Partner
from dashboard.smile.transport import Fields


@dataclass(frozen=True)
class UploadJob:
    """The checked arguments of a job with images.

    callback_url: "" where there is none. images: empty where only the prep upload is made.
    """

    partner: Partner
    partner_params: Fields
    id_info: Fields
    options: Fields
    callback_url: str
    images: list[Image] = field(default_factory=list)

    def open_images(self, stack: ExitStack) -> list[OpenImage]:
        """Open the images of file types; `stack` closes them.

        Raises InvalidRequest if a file cannot be read or is empty.
        """
        return open_image_files(self.images, stack)

    def prepare(self, *, retry: bool) -> Fields:
        """Make the prep upload, which registers the job id.

        retry: the job id was registered before and its answer was lost.
        Returns Smile's answer with `upload_url`, `ref_id` and `smile_job_id`.
        Raises TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1
        """
        fields: Fields = {
            "file_name": constants.ZIP_FILE_NAME,
            "smile_client_id": self.partner.partner_id,
            "partner_params": self.partner_params,
            "model_parameters": {},
            "callback_url": self.callback_url,
            "use_enrolled_image": bool(self.options.get("use_enrolled_image")),
            "source_sdk": constants.SOURCE_SDK,
            "source_sdk_version": constants.SOURCE_SDK_VERSION,
        }
        if retry:
            fields["retry"] = True
        # Personal data is sent once, in the zip.
        answer = self.partner.submit(f"{self.partner.server.v1}/upload", fields, self.options)
        if not all(isinstance(answer.get(name), str) and answer[name] for name in ("upload_url", "smile_job_id")):
            raise TransportFailed("Smile's answer lacks the address to upload to.")
        return answer

    def send(self, upload_url: str, files: list[OpenImage]) -> None:
        """Send the zip to the address from the prep upload.

        Raises InvalidRequest if a file has changed meanwhile, TransportFailed, Refused.

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
        """
        credentials = self.partner.credentials(self.options)
        content = package(
            self.images,
            files,
            partner_id=self.partner.partner_id,
            credentials=credentials,
            callback_url=self.callback_url,
            upload_url=upload_url,
            partner_params=self.partner_params,
            id_info=self.id_info,
        )
        self.partner.transport.announce(str(credentials.get("signature") or credentials["sec_key"]))
        self.partner.transport.put_stream(upload_url, content, "application/zip")


def checked_job(
    partner: Partner,
    default_callback: str,
    partner_params: Any,
    image_details: Any,
    id_info: Any,
    options: Any,
    wrong: validation.Wrong,
    *,
    is_whole: bool,
) -> UploadJob:
    """Check all arguments of a job with images.

    wrong: what the caller found wrong already.
    is_whole: the caller sends the whole job, so its result needs a callback or `return_job_status`.
    Raises InvalidRequest with every wrong field.
    """
    params = validation.checked_partner_params(partner_params, wrong, constants.UPLOAD_JOB_TYPES)
    # With a wrong job type, the rules of the simplest job still find the other mistakes.
    job_type = constants.JobType.SMARTSELFIE_REGISTRATION if "job_type" in wrong else params["job_type"]
    chosen = partner.checked_options(options, wrong)
    given = validation.checked_id_info(id_info, wrong, job_type)
    images = checked_images(
        image_details,
        wrong,
        job_type=job_type,
        use_enrolled_image=chosen.get("use_enrolled_image") is True,
        is_entered=given.get("entered") == "true",
    )
    callback_url = _callback(chosen, default_callback, wrong, is_needed=is_whole)
    validation.refuse_if(wrong)
    return UploadJob(partner, params, given, chosen, callback_url, images)


def announced_job(
    partner: Partner, default_callback: str, partner_params: Any, options: Any, wrong: validation.Wrong
) -> UploadJob:
    """Check the arguments that the prep upload needs.

    wrong: what the caller found wrong already.
    Raises InvalidRequest with every wrong field.
    """
    params = validation.checked_partner_params(partner_params, wrong, constants.UPLOAD_JOB_TYPES)
    chosen = partner.checked_options(options, wrong)
    callback_url = _callback(chosen, default_callback, wrong, is_needed=False)
    validation.refuse_if(wrong)
    return UploadJob(partner, params, {}, chosen, callback_url)


def _callback(options: Mapping[str, Any], default_callback: str, wrong: validation.Wrong, *, is_needed: bool) -> str:
    if "optional_callback" in options:
        # Checked already, as an option.
        return str(options["optional_callback"])
    if is_needed and not default_callback and not options.get("return_job_status"):
        wrong["callback_url"] = "is missing, and return_job_status is not set, so the result could not be delivered"
    return default_callback
