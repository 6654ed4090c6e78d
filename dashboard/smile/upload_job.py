"""A job with images on its way to Smile: checked, announced (prep upload), and sent as a zip."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from dashboard.smile import constants, validation
from dashboard.smile.errors import TransportFailed
from dashboard.smile.images import Image, OpenImage, checked_images, opened
from dashboard.smile.package import package
from dashboard.smile.partner import Partner
from dashboard.smile.transport import Fields


@dataclass(frozen=True)
class UploadJob:
    """What is left of the caller's arguments once they keep every rule. callback_url: "" where there is none."""

    partner: Partner
    partner_params: Fields
    id_info: Fields
    options: Fields
    callback_url: str
    images: list[Image] = field(default_factory=list)

    def open_images(self, stack: ExitStack) -> list[OpenImage]:
        return opened(self.images, stack)

    def prepare(self, *, retry: bool) -> Fields:
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
        # The person's data is not part of this: it travels once, in the zip.
        answer = self.partner.submit(f"{self.partner.server.v1}/upload", fields, self.options)
        if not all(isinstance(answer.get(name), str) and answer[name] for name in ("upload_url", "smile_job_id")):
            raise TransportFailed("Smile's answer lacks the address to upload to.")
        return answer

    def send(self, upload_url: str, files: list[OpenImage]) -> None:
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
    """Raises InvalidRequest with every wrong field.

    wrong: what the caller found wrong already.
    is_whole: the caller sees the job through, so that its result needs a way back. In single steps somebody else does.
    """
    params = validation.checked_partner_params(partner_params, wrong, constants.UPLOAD_JOB_TYPES)
    # With the job type wrong, the rules of the simplest job still find the other mistakes.
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
    """The part of a job that the prep upload needs. Raises InvalidRequest with every wrong field."""
    params = validation.checked_partner_params(partner_params, wrong, constants.UPLOAD_JOB_TYPES)
    chosen = partner.checked_options(options, wrong)
    callback_url = _callback(chosen, default_callback, wrong, is_needed=False)
    validation.refuse_if(wrong)
    return UploadJob(partner, params, {}, chosen, callback_url)


def _callback(options: Mapping[str, Any], default_callback: str, wrong: validation.Wrong, *, is_needed: bool) -> str:
    if "optional_callback" in options:
        # Already checked, under its own name.
        return str(options["optional_callback"])
    if is_needed and not default_callback and not options.get("return_job_status"):
        wrong["callback_url"] = "is missing, and return_job_status is not set: the result would have no way back"
    return default_callback
