"""Checks of identity numbers and businesses that need no images: job types 5 and 7."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dashboard.smile import constants, validation
from dashboard.smile.partner import PartnerClient
from dashboard.smile.transport import Fields

#: id_info is sent at the same level as these fields and must not be able to replace any of them.
_PROTECTED_FIELDS = frozenset(
    {"partner_id", "partner_params", "smile_client_id", "timestamp", "signature", "sec_key", "token", "api_key"}
    | {"callback_url", "source_sdk", "source_sdk_version"}
)


class IDApi(PartnerClient):
    """Enhanced KYC, Basic KYC and Business Verification. The arguments are those of `PartnerClient`.

    https://docs.usesmileid.com/products/for-individuals-kyc/identity-lookup
    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """

    def submit_job(
        self,
        partner_params: Mapping[str, Any],
        id_info: Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Look up a person (job type 5, Enhanced KYC) or a business (7).

        partner_params: `user_id` and `job_id` (text), `job_type` (5 or 7), and anything that should come back.
        id_info: `country` (two capital letters), `id_type`, `id_number`, and what else the ID type needs: `first_name`,
            `last_name`, `dob` (YYYY-MM-DD), `phone_number`, `bank_code`, `citizenship`, ...; for a business
            `business_type` (bn, co, it; Nigerian registrations) or `postal_address` and `postal_code` (Kenyan ones).
            Keys that name credentials or partner fields are left out.
        options: with `async` (boolean, default False) Smile sends the result to `optional_callback`, a web address, and
            the answer is {"success": True}; `signature` chooses how the request is signed. The options of
            `WebApi.submit_job` are accepted and have no effect here.

        Returns the result with Smile's own keys and a checked signature. "Not found" and the like are results
        (`ResultCode`), not errors. Each call may be charged; none is repeated.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/products/for-individuals-kyc/identity-lookup
        https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
        """
        job = self._checked(partner_params, id_info, options)
        is_business = job.partner_params["job_type"] == constants.JobType.BUSINESS_VERIFICATION
        path = "business_verification" if is_business else "id_verification"
        v1 = self._partner.server.v1
        return self._submit(job, f"{v1}/{path}", f"{v1}/async_{path}")

    def submit_basic_kyc(
        self,
        partner_params: Mapping[str, Any],
        id_info: Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Compare personal details with those of the ID authority, field by field, without receiving the authority's.

        The arguments and options are those of `submit_job` with job type 5.
        Returns the result; its `Actions` say of each field whether it matches.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/products/for-individuals-kyc/basic-kyc
        """
        job = self._checked(partner_params, id_info, options, frozenset({5}))
        v2 = self._partner.server.v2
        return self._submit(job, f"{v2}/verify", f"{v2}/verify_async")

    def validate_job(
        self,
        partner_params: Mapping[str, Any],
        id_info: Mapping[str, Any] | None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Check the arguments of `submit_job` without sending anything.

        Raises InvalidRequest, which names every wrong field.
        """
        self._checked(partner_params, id_info, options)

    def _checked(
        self,
        partner_params: Any,
        id_info: Any,
        options: Any,
        job_types: frozenset[int] = constants.ID_API_JOB_TYPES,
    ) -> "_Job":
        wrong: validation.Wrong = {}
        params = validation.checked_partner_params(partner_params, wrong, job_types)
        # With a wrong job type, the rules of the most common one still find the other mistakes.
        job_type = constants.JobType.ENHANCED_KYC if "job_type" in wrong else params["job_type"]
        given = validation.checked_id_info(id_info, wrong, job_type)
        chosen = self._partner.checked_options(options, wrong)
        if chosen.get("async") and "optional_callback" not in chosen:
            wrong["callback_url"] = "is missing: an asynchronous result needs an optional_callback"
        validation.refuse_if(wrong)
        return _Job(params, given, chosen)

    def _submit(self, job: "_Job", url: str, async_url: str) -> dict[str, Any]:
        fields = {
            **{name: value for name, value in job.id_info.items() if name not in _PROTECTED_FIELDS},
            "partner_id": self._partner.partner_id,
            "partner_params": job.partner_params,
            "source_sdk": constants.SOURCE_SDK,
            "source_sdk_version": constants.SOURCE_SDK_VERSION,
        }
        if job.options.get("async"):
            fields["callback_url"] = job.options["optional_callback"]
            return self._partner.submit(async_url, fields, job.options)
        return self._partner.submit(url, fields, job.options)


class _Job(NamedTuple):
    partner_params: Fields
    id_info: Fields
    options: Fields
