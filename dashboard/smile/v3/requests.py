"""The typed requests of v3: each says where it goes, what it needs, and how each field is checked.

A field is sent as an image, as JSON if it is an object or a list, else as text. What a bound token holds may be left
out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dashboard.smile.v3 import constants
from dashboard.smile.v3.people import Consent, UserDetails
from dashboard.smile.v3.rules import checked_choice
from dashboard.smile.validation import Wrong

Strings = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The fields of every submission.

    consent, user_details: may also be mappings with the same names. user_id: the partner's id of the person; Smile
    makes one if it is left out. callback_url: the https address for the result, by default the client's.
    partner_params: texts that come back with the result. metadata: a list of {"name", "value"}.

    https://github.com/smileidentity/api-reference
    """

    path: ClassVar[str]
    required: ClassVar[tuple[str, ...]] = ()
    #: Some operations take the user id as a header, others in the body.
    user_id_in_header: ClassVar[bool] = False

    consent: Consent | Mapping[str, Any] | None = None
    user_details: UserDetails | Mapping[str, Any] | None = None
    user_id: str | None = None
    callback_url: str | None = None
    partner_params: Strings | None = None
    metadata: Sequence[Strings] | None = None

    def needed(self) -> tuple[str, ...]:
        """The names of the fields that may not be left out."""
        return self.required

    def check_together(self, wrong: Wrong) -> None:
        """Check the rules about several fields. wrong: takes what is wrong, by field."""


@dataclass(frozen=True, kw_only=True)
class EnhancedKyc(Submission):
    """Look an ID number up at its authority.

    country: two capital letters. bank_code: for BANK_ACCOUNT. operator: for some PHONE_NUMBER.

    https://github.com/smileidentity/api-reference
    """

    path = "enhanced_kyc"
    required = ("country", "id_type", "id_number")
    user_id_in_header = True

    country: str | None = None
    id_type: str | None = None
    id_number: str | None = None
    bank_code: str | None = None
    operator: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Faces(Submission):
    """selfie_image: a path, bytes or an open file with a JPEG. liveness_images: six to eight of them.

    sandbox_result: a result code that the sandbox is to give; ignored in production.
    """

    sandbox_result: int | float | None = None
    selfie_image: Any = None
    liveness_images: Sequence[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class BiometricKyc(_Faces):
    """Look an ID number up and compare the authority's photo with a selfie. The fields are those of `EnhancedKyc`.

    https://github.com/smileidentity/api-reference
    """

    path = "biometric_kyc"
    required = ("country", "id_type", "id_number", "selfie_image", "liveness_images")
    user_id_in_header = True

    country: str | None = None
    id_type: str | None = None
    id_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentVerification(Submission):
    """Check a document and compare its photo with a selfie.

    document, document_back: JPEG or PNG. id_type: left out, Smile classifies the document.

    https://github.com/smileidentity/api-reference
    """

    path = "document_verification"
    required: ClassVar[tuple[str, ...]] = ("country", "selfie_image", "liveness_images", "document")
    user_id_in_header = True

    country: str | None = None
    id_type: str | None = None
    selfie_image: Any = None
    liveness_images: Sequence[Any] | None = None
    document: Any = None
    document_back: Any = None


@dataclass(frozen=True, kw_only=True)
class EnhancedDocumentVerification(DocumentVerification):
    """Check a document, and its number at the authority; needs the `id_type`.

    https://github.com/smileidentity/api-reference
    """

    path = "enhanced_document_verification"
    required = ("country", "id_type", "selfie_image", "liveness_images", "document")


@dataclass(frozen=True, kw_only=True)
class ResidencyDocumentVerification(DocumentVerification):
    """Check a passport and the visa in it. visa: JPEG or PNG.

    https://github.com/smileidentity/api-reference
    """

    path = "residency_document_verification"
    required = ("country", "id_type", "selfie_image", "liveness_images", "document", "visa")

    id_type: str | None = "PASSPORT"
    visa: Any = None

    def check_together(self, wrong: Wrong) -> None:
        """Check that the document is a passport."""
        if self.id_type != "PASSPORT":
            wrong["id_type"] = "has to be PASSPORT"


@dataclass(frozen=True, kw_only=True)
class Registration(_Faces):
    """Enrol a person by selfie. allow_new_enroll: also if the user is enrolled already.

    https://github.com/smileidentity/api-reference
    """

    path = "registration"
    required = ("selfie_image", "liveness_images")
    user_id_in_header = True

    allow_new_enroll: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Authentication(_Faces):
    """Compare a selfie with that of an enrolled user. use_enrolled_image: instead of a new selfie.

    https://github.com/smileidentity/api-reference
    """

    path = "authentication"

    use_enrolled_image: bool | None = None

    def needed(self) -> tuple[str, ...]:
        """The user id, and the images unless the enrolled one is used."""
        return ("user_id",) if self.use_enrolled_image is True else ("user_id", "selfie_image", "liveness_images")


@dataclass(frozen=True, kw_only=True)
class Compare(_Faces):
    """Compare a selfie with another image. comparison_image: a JPEG. comparison_image_type: what it shows.

    allow_new_enroll: also if the user is enrolled already; with a `user_id`, who passes is enrolled.

    https://github.com/smileidentity/api-reference
    """

    path = "compare"
    required = ("selfie_image", "comparison_image", "comparison_image_type")

    comparison_image_type: str | None = None
    allow_new_enroll: bool | None = None
    comparison_image: Any = None


@dataclass(frozen=True, kw_only=True)
class AddressVerification(Submission):
    """Compare an address with the authority's: by utility account in Nigeria, by ID number in South Africa.

    https://github.com/smileidentity/api-reference
    """

    path = "address"

    address: str | None = None
    country: str | None = None
    id_number: str | None = None
    utility_number: str | None = None
    utility_provider: str | None = None
    utility_type: str | None = None

    def needed(self) -> tuple[str, ...]:
        """The address, and what the country's authority asks for."""
        utility = ("utility_number", "utility_provider", "utility_type")
        return ("address", "country", *(utility if self.country == "NG" else ("id_number",)))

    def check_together(self, wrong: Wrong) -> None:
        """Check the country, which has fewer choices here than elsewhere."""
        if "country" not in wrong:
            checked_choice(self.country, constants.ADDRESS_COUNTRIES, "country", wrong)


@dataclass(frozen=True, kw_only=True)
class OneTimeAml(Submission):
    """Look a person up in watch-lists and news, once.

    countries: a list of two capital letters each. birth_year: four digits. strict_match: by default True.
    aliases: at most 20 other names. search_existing_user: only if `user_id` is enrolled with a usable record.

    https://github.com/smileidentity/api-reference
    """

    path = "aml"
    required = ("countries", "full_name")

    countries: Sequence[str] | None = None
    full_name: str | None = None
    birth_year: int | None = None
    strict_match: bool | None = None
    aliases: Sequence[str] | None = None
    search_existing_user: bool | None = None

    def check_together(self, wrong: Wrong) -> None:
        """Check that an existing user is named."""
        if self.search_existing_user is True and not self.user_id:
            wrong["user_id"] = "is missing: search_existing_user needs it"


@dataclass(frozen=True, kw_only=True)
class AmlMonitoring(OneTimeAml):
    """Look a person up, and again from then on; later hits go to the default callback.

    The fields are those of `OneTimeAml`. The name may be left out with `search_existing_user`.

    https://github.com/smileidentity/api-reference
    """

    path = "aml/monitoring"

    def needed(self) -> tuple[str, ...]:
        """The countries, and the name unless the enrolled one is used."""
        return ("countries",) if self.search_existing_user is True else self.required
