"""The result of a job in Smile ID's form: the common envelope, and what each product adds to it."""

import base64

from dashboard.sandbox.fields import Json
from dashboard.sandbox.world import business_data
from dashboard.sandbox.world.outcomes import ProgressStep, wants_custom_data
from dashboard.sandbox.world.portrait import PORTRAIT_BASE64
from dashboard.sandbox.world.store import Job
from dashboard.smile.constants import NOT_AVAILABLE

ID_LOOKUPS = {"enhanced_kyc", "basic_kyc"}
DOCUMENTS = {"document_verification", "enhanced_document_verification"}
#: Keys of the answer that a request with custom data may set.
CUSTOM_KEYS = (
    "FullName", "DOB", "Gender", "Address", "PhoneNumber", "PhoneNumber2", "ExpirationDate", "IDNumber",
    "IDType", "Country", "Photo", "Document", "Email", "Nationality", "SecondaryIDNumber",
)  # fmt: skip


def envelope(job: Job, step: ProgressStep, image_links: Json, receipt: str, id_card: bytes | None) -> Json:
    """One result of `job`, unsigned.

    image_links, id_card: links, and the uploaded front for the inline `Document`; for documents only.
    receipt: the address of the PDF receipt on the portal.

    https://docs.usesmileid.com/results/json-top-level-keys
    """
    entry: Json = {
        "JSONVersion": "1.0.0",
        "SmileJobID": job.smile_job_id,
        "PartnerParams": dict(job.partner_params),
        "ResultType": step.result_type,
        "ResultText": step.text,
        "ResultCode": step.code,
        "IsFinalResult": "true" if step.final else "false",
        "Actions": dict(step.actions),
        "Source": "WebAPI" if job.zips else "ID API",
    }
    if step.product == "basic_kyc":
        entry["Actions"] = _compared(job, step)
    if step.result_type in ("SAIA", "DIVA"):
        entry["IsMachineResult"] = "true" if step.result_type == "SAIA" else "false"
    if step.confidence:
        entry["ConfidenceValue"] = step.confidence
    if step.product == "business_verification":
        entry |= business_data.answer(job.id_info, found=_returned(step))
    elif step.product in DOCUMENTS and step.result_type == "Document Verification":
        entry |= _document(job, step, image_links, id_card)
        entry["KYCReceipt"] = receipt
    elif step.product in ID_LOOKUPS or job.id_info.get("id_number"):
        entry |= _person(job, _returned(step))
        if step.product == "biometric_kyc" and step.result_type != "ID Verification":
            entry["KYCReceipt"] = receipt
    if wants_custom_data(job.id_info) and _returned(step):
        _echo_custom_data(entry)
    return entry


def _compared(job: Job, step: ProgressStep) -> dict[str, str]:
    # Basic KYC compares each detail that was sent.
    given = {
        "Names": job.id_info.get("first_name") or job.id_info.get("last_name"),
        "DOB": job.id_info.get("dob"),
        "Gender": job.id_info.get("gender"),
        "Phone_Number": job.id_info.get("phone_number"),
    }
    return {name: value if given.get(name, True) else "Not Provided" for name, value in step.actions.items()}


def _returned(step: ProgressStep) -> bool:
    return "Returned" in (
        step.actions.get("Return_Personal_Info"), step.actions.get("Return_Business_Info")
    )  # fmt: skip


def _person(job: Job, returned: bool) -> Json:
    found: Json = {
        "FullName": "Amina Bello",
        "DOB": "1992-03-14",
        "Gender": "Female",
        "PhoneNumber": "08000000000",
        "Address": "12 Sample Street, Ikeja",
        "Photo": PORTRAIT_BASE64,
    }
    return {
        "Country": job.id_info.get("country", ""),
        "IDType": job.id_info.get("id_type", ""),
        "IDNumber": job.id_info.get("id_number", ""),
        "ExpirationDate": NOT_AVAILABLE,
        **(found if returned else dict.fromkeys(found, NOT_AVAILABLE)),
        "PhoneNumber2": NOT_AVAILABLE,
        "Document": NOT_AVAILABLE,
        "Secondary_ID_Number": NOT_AVAILABLE,
        "IDNumberPreviouslyRegistered": False,
        "UserIDsOfPreviousRegistrants": [],
        "FullData": {"surname": "Bello", "given_names": "Amina", "sandbox": True} if returned else {},
    }


def _document(job: Job, step: ProgressStep, image_links: Json, id_card: bytes | None) -> Json:
    found: Json = {
        "IDNumber": "B00123456",
        "FullName": "Joe Doe",
        "FirstName": "Joe",
        "LastName": "Doe",
        "DOB": "1989-01-20",
        "Gender": "M",
        "IssuanceDate": "2019-11-27",
        "ExpirationDate": "2029-11-26",
    }
    return {
        "Country": job.id_info.get("country", ""),
        # Without an ID type Smile classifies the document.
        "IDType": job.id_info.get("id_type") or "PASSPORT",
        **(found if _returned(step) else dict.fromkeys(found, NOT_AVAILABLE)),
        "OtherName": NOT_AVAILABLE,
        "SecondaryIDNumber": NOT_AVAILABLE,
        "Address": NOT_AVAILABLE,
        "PhoneNumber": NOT_AVAILABLE,
        "Document": base64.b64encode(id_card).decode("ascii") if id_card else NOT_AVAILABLE,
        "ImageLinks": image_links,
    }


def _echo_custom_data(entry: Json) -> None:
    params: Json = entry["PartnerParams"]
    entry |= {key: params[key] for key in CUSTOM_KEYS if key in params}
    if isinstance(name := params.get("FullName"), str):
        first, *rest = name.split() or [""]
        params |= {
            "FirstName": first,
            "MiddleName": " ".join(rest[:-1]),
            "LastName": rest[-1] if rest else "",
        }
