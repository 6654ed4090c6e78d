"""The settings of the simulator. Where Smile's documents leave a choice, the stricter one is the default."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _assets(name: str) -> Path:
    # In a checkout templates/ and static/ are next to the package, in a wheel inside it.
    checkout = _PACKAGE.parent / name
    is_checkout = (checkout / "sandbox").is_dir() or (checkout / "css" / "sandbox.css").is_file()
    return checkout if is_checkout else _PACKAGE / name


@dataclass(frozen=True)
class SandboxSettings:
    """How one simulator behaves. Durations are seconds, sizes are bytes, amounts are in the currency of the wallet.

    Settings marked "undocumented" stand for facts that Smile ID does not publish.
    """

    partner_id: str = "002"
    #: Random by default; only /_sandbox/credentials.json shows it.
    api_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    #: Where a new legacy key is stored if there is no `legacy_key_file`.
    instance_dir: Path = Path("instance")
    #: PEM of an RSA private key; its public key is the partner's legacy API key.
    legacy_key_file: Path | None = None
    #: An SQLite file that keeps jobs across restarts; None keeps them in memory.
    store_path: Path | None = None
    templates_dir: Path = field(default_factory=lambda: _assets("templates"))
    static_dir: Path = field(default_factory=lambda: _assets("static"))

    # --- waiting -------------------------------------------------------------------------------------------
    #: Undocumented: how long a result takes, at random between the two.
    result_delay_seconds: tuple[float, float] = (0.6, 2.5)
    #: Undocumented: whether and when the human review's final result follows a provisional one.
    review_delay_seconds: float = 8.0
    provisional_turns_final: bool = True

    # --- authentication ------------------------------------------------------------------------------------
    #: Undocumented: how far a timestamp may be off, in either direction. None accepts any age.
    timestamp_tolerance_seconds: float | None = 300.0
    #: Undocumented: the documents ask for ISO 8601 with a time zone, some of Smile's libraries send other forms.
    iso_timestamps_only: bool = True
    #: Undocumented: the HTTP status and the code (2204 or 2205) of a failed authentication.
    unauthorized_status: int = 400
    unauthorized_code: str = "2205"
    #: Undocumented: how long a web token lives.
    token_lifetime_seconds: float = 900.0
    #: Undocumented: whether a token can be used for one job only.
    web_token_single_use: bool = False
    #: Undocumented: a token is valid for pages and jobs of its job type only.
    web_token_binds_job_type: bool = True
    #: The sources disagree: the oldest page lists the product `document_verification`, the browser script knows
    #: only `doc_verification`.
    token_for_document_verification: bool = True
    #: The sources disagree: the documents require source_sdk and source_sdk_version of raw REST callers, but Smile's
    #: clients from before 2022-11 send neither. With a sec_key both may always be left out.
    require_source_sdk: bool = False
    #: ID types of `consent_id_types` need consent_information in the request.
    require_consent: bool = True
    consent_id_types: tuple[tuple[str, str], ...] = (("NG", "NIN_V2"), ("NG", "BVN_MFA"))
    one_time_password: str = "000000"  # noqa: S105 - the fixed answer of a simulated phone, shown on the console.

    # --- uploads -------------------------------------------------------------------------------------------
    #: Undocumented: lifetime of the upload address.
    upload_url_lifetime_seconds: float = 900.0
    #: Undocumented: `retry: true` reopens a used job_id until its zip arrives.
    retry_reopens_before_zip: bool = True
    #: Undocumented: these job types enrol the user when approved, and refuse an enrolled user with 2209.
    enrolling_job_types: frozenset[int] = frozenset({1, 4})
    accept_png: bool = True
    #: Undocumented sizes. The content of a zip is counted while it is read, whatever its headers claim.
    max_zip_bytes: int = 64_000_000
    max_image_bytes: int = 16_000_000
    max_unzipped_bytes: int = 128_000_000
    max_zip_entries: int = 64

    # --- answers -------------------------------------------------------------------------------------------
    #: Undocumented: the HTTP status of the answer to a job_id that was never submitted.
    unknown_job_status: int = 400
    #: Undocumented: job_status says job_complete while a result is still provisional; only ResultCode and
    #: IsFinalResult show the difference.
    provisional_is_complete: bool = True
    #: Undocumented: lifetime of the addresses in image_links.
    image_link_lifetime_seconds: float = 900.0
    #: Without `store_path`, how many jobs keep their images in memory.
    kept_image_jobs: int = 200
    #: Undocumented: the outcome of an ID number that is no test number, as the last digit of one.
    other_numbers_act_like: str = "1"
    wallet_balance: float = 500.0
    price_per_job: float = 0.1

    # --- callbacks -----------------------------------------------------------------------------------------
    #: The portal's default callback, for jobs that name none.
    default_callback_url: str = ""
    #: Undocumented for v1; v3 allows 35 s for an answer, and makes three further attempts.
    callback_timeout_seconds: float = 35.0
    callback_retry_delays_seconds: tuple[float, ...] = (5.0, 30.0, 120.0)
    #: True, False, or the path of a CA bundle, for callbacks to https addresses.
    callback_verify: bool | str = True
    #: Undocumented: the ID step of Biometric KYC is part of the history; this sends a callback for it too.
    callback_for_id_step: bool = False
    stale_callback_age_seconds: float = 3600.0
    out_of_order_gap_seconds: float = 2.0

    # --- v3 ------------------------------------------------------------------------------------------------
    #: Callbacks of v3 have https addresses; the demo allows http to this machine.
    allow_http_on_loopback: bool = False
    #: The partner's allowed callback domains; empty allows all.
    v3_callback_domains: tuple[str, ...] = ()
    #: The sources disagree about a person who is no test person: "block" or "error".
    v3_unknown_person: str = "block"
    #: Undocumented: first names and address of one test person; the last name is enough then.
    v3_lockhart_by_last_name: bool = True
    #: Undocumented: names that are examples in the specification of screenings act like test persons.
    v3_aml_examples: bool = True
    #: Undocumented: the partner id in signatures has its leading zeros.
    v3_signs_padded_partner_id: bool = False
    #: The sources disagree about where the header SmileID-Partner-ID is required: products.
    v3_partner_header_on: tuple[str, ...] = ("residency_document_verification",)
    #: Undocumented: the HTTP status of a token for another product; 0 accepts it.
    v3_other_product_status: int = 403
    #: Undocumented: the order of the checks of a submission.
    v3_check_order: tuple[str, ...] = ("token", "content_type", "body", "account")
    v3_max_request_bytes: int = 4_500_000
    v3_max_gateway_bytes: int = 10_000_000
    #: Undocumented: the largest file.
    v3_max_file_bytes: int = 4_000_000
    #: Undocumented: how many lookups of one ID number are taken in a time, and from how many on it is blocked.
    v3_lookups_per_number: int = 60
    v3_blocked_from_lookups: int = 600
    v3_lookup_window_seconds: float = 60.0
    #: Undocumented: the status is 404 for so long after a job was accepted.
    v3_status_unknown_seconds: float = 0.2
    #: Undocumented: a webhook "processing" comes before the result.
    v3_interim_webhook: bool = False
    #: The sources disagree: bodies of webhooks hold job_id and user_id, besides the headers.
    v3_ids_in_bodies: bool = True
    #: Undocumented: an update of monitoring holds the whole result, or only the people.
    v3_update_is_whole: bool = True
    #: How long single-use links live.
    v3_link_lifetime_days: int = 90
    v3_api_version: str = "3.952.0"
