"""Everything about the simulator that can be chosen, with the stricter reading as the default."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _assets(name: str) -> Path:
    # In a checkout templates/ and static/ lie beside the package; a wheel carries them inside it.
    beside = _PACKAGE.parent / name
    return beside if (beside / "sandbox").is_dir() or (beside / "css" / "sandbox.css").is_file() else _PACKAGE / name


@dataclass(frozen=True)
class SandboxSettings:
    """How one simulator behaves. Durations are seconds, sizes are bytes.

    Settings marked "undocumented" stand for facts that Smile ID does not publish.
    """

    partner_id: str = "002"
    #: Made up at random when not given; only /_sandbox/credentials.json shows it.
    api_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    #: Where the made-up legacy key goes when no `legacy_key_file` is given.
    instance_dir: Path = Path("instance")
    #: PEM of an RSA private key; its public half is the partner's legacy API key.
    legacy_key_file: Path | None = None
    #: An SQLite file that keeps jobs over a restart; None keeps them in memory only.
    store_path: Path | None = None
    templates_dir: Path = field(default_factory=lambda: _assets("templates"))
    static_dir: Path = field(default_factory=lambda: _assets("static"))

    # --- waiting -------------------------------------------------------------------------------------------
    #: Undocumented: how long a result takes, drawn evenly between the two.
    result_delay_seconds: tuple[float, float] = (0.6, 2.5)
    #: Undocumented: whether and when a provisional result is followed by the final one of the human review.
    review_delay_seconds: float = 8.0
    provisional_turns_final: bool = True

    # --- authentication ------------------------------------------------------------------------------------
    #: Undocumented: how far a timestamp may be off, either way. None accepts any age.
    timestamp_tolerance_seconds: float | None = 300.0
    #: Undocumented: the docs ask for ISO 8601 with a zone, some of Smile's libraries send other forms.
    iso_timestamps_only: bool = True
    #: Undocumented: the HTTP status and which of 2204 and 2205 a failed authentication gets.
    unauthorized_status: int = 400
    unauthorized_code: str = "2205"
    #: Undocumented: how long a web token lives.
    token_lifetime_seconds: float = 900.0
    #: Undocumented: whether a token ends with the first job that is submitted with it.
    web_token_single_use: bool = False
    #: Undocumented: a token opens pages and jobs of the job type it was asked for, and no others.
    web_token_binds_job_type: bool = True
    #: The sources disagree: the oldest page lists the product `document_verification`, the browser script only
    #: knows `doc_verification`.
    token_for_document_verification: bool = True
    #: The sources disagree: the documents ask raw REST callers to name themselves in source_sdk and
    #: source_sdk_version, but Smile's own clients of before 2022-11 send neither, whether they sign with a sec_key or
    #: a signature. With a sec_key both may always be left out.
    require_source_sdk: bool = False
    #: Identity types of `consent_id_types` need consent_information in the request.
    require_consent: bool = True
    consent_id_types: tuple[tuple[str, str], ...] = (("NG", "NIN_V2"), ("NG", "BVN_MFA"))
    one_time_password: str = "000000"  # noqa: S105 - the fixed answer of a simulated phone, shown on the console.

    # --- uploads -------------------------------------------------------------------------------------------
    #: Undocumented: lifetime of the address that prep upload hands out.
    upload_url_lifetime_seconds: float = 900.0
    #: Undocumented: `retry: true` opens a used job_id again as long as no zip arrived for it.
    retry_reopens_before_zip: bool = True
    #: Undocumented: approval of these job types enrols the user, and an enrolled user is refused with 2209.
    enrolling_job_types: frozenset[int] = frozenset({1, 4})
    accept_png: bool = True
    #: Undocumented sizes. What a zip holds is counted while it is read, whatever its headers claim.
    max_zip_bytes: int = 64_000_000
    max_image_bytes: int = 16_000_000
    max_unzipped_bytes: int = 128_000_000
    max_zip_entries: int = 64

    # --- answers -------------------------------------------------------------------------------------------
    #: Undocumented: the HTTP status of the answer to a job_id that was never submitted.
    unknown_job_status: int = 400
    #: Undocumented: job_status says job_complete while a result is still provisional (only the callback
    #: fields ResultCode and IsFinalResult tell the two apart).
    provisional_is_complete: bool = True
    #: Undocumented: lifetime of the addresses in image_links.
    image_link_lifetime_seconds: float = 900.0
    #: Without `store_path` the images of only so many jobs stay in memory.
    kept_image_jobs: int = 200
    #: Undocumented: what an ID number that is no test number meets, as the last digit of a test number.
    other_numbers_act_like: str = "1"
    wallet_balance: float = 500.0
    price_per_job: float = 0.1

    # --- callbacks -----------------------------------------------------------------------------------------
    #: The portal's default callback, for jobs that name none.
    default_callback_url: str = ""
    #: Undocumented for v1; these are the published numbers of v3: 35 s to answer, three further attempts.
    callback_timeout_seconds: float = 35.0
    callback_retry_delays_seconds: tuple[float, ...] = (5.0, 30.0, 120.0)
    #: True, False, or the path of a CA bundle, for callbacks to https addresses.
    callback_verify: bool | str = True
    #: Undocumented: the identity step of Biometric KYC stands in the history; this also calls back for it.
    callback_for_id_step: bool = False
    stale_callback_age_seconds: float = 3600.0
    out_of_order_gap_seconds: float = 2.0
