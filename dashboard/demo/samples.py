"""Sample data: the demo's members, and jobs that run through worker and simulator to every kind of end."""

import io
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from PIL import Image, ImageDraw
from sqlmodel import Session, col, func, select

from dashboard.config import Settings
from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.api_choice import choose_apis, policy_address
from dashboard.jobs.submitting.media import GivenImage
from dashboard.jobs.submitting.submission import JobRequest, submit_job
from dashboard.jobs.submitting.v3_fields import consent_record
from dashboard.permissions import Role
from dashboard.smile.constants import ImageType, SmileApi
from dashboard.smile.v3.constants import FEWEST_LIVENESS_IMAGES
from dashboard.smile.v3.sandbox_people import sandbox_people
from dashboard.team.members.members import add_member, set_password
from dashboard.team.models import Member

CAST = (
    ("ada@example.com", "Ada", Role.OWNER),
    ("ben@example.com", "Ben", Role.OPERATOR),
    ("cleo@example.com", "Cleo", Role.VIEWER),
)
#: The products that use v3 once the demo has made its jobs of v1.
ON_V3 = (
    *(Product.DOCUMENT_VERIFICATION, Product.ENHANCED_DOCUMENT_VERIFICATION),
    *(Product.SMARTSELFIE_REGISTRATION, Product.SMARTSELFIE_AUTHENTICATION),
)
CUSTOMER = {"first_name": "Amina", "last_name": "Bello"}


def set_up_cast(session: Session, password: str, now: datetime) -> None:
    """The three sample members, all with this password, whatever the last demo's was."""
    for email, name, role in CAST:
        member = session.exec(select(Member).where(Member.email == email)).first()
        if member is None:
            add_member(session, email, name, role, password, now)
        else:
            set_password(session, member, password, now)


def has_jobs(session: Session) -> bool:
    return session.exec(select(func.count()).select_from(Job).where(col(Job.id).is_not(None))).one() > 0


def submit_samples(session: Session, settings: Settings, now: datetime) -> list[Job]:
    """Submits some jobs for each case that the pages can show. Worker and simulator do the rest.

    Some products are then switched to Smile's v3 API, so that jobs of both are there.
    """
    wanted = sample_requests()
    choose_apis(session, settings, dict.fromkeys(ON_V3, SmileApi.V3), now)
    wanted += sample_requests_of_v3(consent_record("", policy_address(session, settings), now))
    return [submit_job(session, each, settings, "ben@example.com", now) for each in wanted]


def sample_requests() -> list[JobRequest]:
    selfie = GivenImage(ImageType.SELFIE_FILE, draw_face())
    front = GivenImage(ImageType.ID_FRONT_FILE, draw_document("PASSPORT"))
    ng_bvn = partial(JobRequest, country="NG", id_type="BVN", id_number="00000000000")
    ng_nin = partial(JobRequest, Product.ENHANCED_KYC, country="NG", id_type="NIN")
    passport = partial(JobRequest, id_type="PASSPORT", images=(selfie, front))
    requests = [
        JobRequest(
            Product.BUSINESS_VERIFICATION,
            country="NG",
            id_type="BUSINESS_REGISTRATION",
            id_number="0000000",
            person={"business_type": "co"},
            customer_reference="cust-4401",
        ),
        ng_nin(id_number="00000000001", customer_reference="cust-4402"),
        ng_nin(id_number="00000000003", customer_reference="cust-4403"),
        ng_bvn(Product.BASIC_KYC, person=CUSTOMER, customer_reference="cust-4404"),
        JobRequest(
            Product.SMARTSELFIE_REGISTRATION, user_id="cust-4405", customer_reference="cust-4405", images=(selfie,)
        ),
        passport(
            Product.DOCUMENT_VERIFICATION,
            country="GH",
            customer_reference="cust-4406",
            partner_params={"sandbox_result": "1"},
        ),
        # Refused: nobody was enrolled under this user id.
        JobRequest(
            Product.SMARTSELFIE_AUTHENTICATION, user_id="cust-0000", customer_reference="cust-4407", images=(selfie,)
        ),
        passport(Product.ENHANCED_DOCUMENT_VERIFICATION, country="KE", customer_reference="cust-4408"),
        JobRequest(
            Product.BIOMETRIC_KYC,
            country="KE",
            id_type="NATIONAL_ID",
            id_number="00000000",
            customer_reference="cust-4409",
            images=(selfie,),
            partner_params={"sandbox_result": "2"},
        ),
        passport(Product.DOCUMENT_VERIFICATION, country="NG", customer_reference="cust-4410"),
        ng_bvn(Product.BIOMETRIC_KYC, customer_reference="cust-4411", images=(selfie,)),
    ]
    return [replace(each, api=SmileApi.V1) for each in requests]


def sample_requests_of_v3(consent: dict[str, Any]) -> list[JobRequest]:
    """One job for each decision that v3 can make: the sandbox decides by the person."""
    selfie = GivenImage(ImageType.SELFIE_FILE, draw_face())
    frames = [replace(selfie, image_type=ImageType.LIVENESS_FILE)] * FEWEST_LIVENESS_IMAGES
    front = GivenImage(ImageType.ID_FRONT_FILE, draw_document("PASSPORT"))
    document, face = (selfie, *frames, front), (selfie, *frames)
    return [
        _of_v3("Clearwater", consent, Product.SMARTSELFIE_REGISTRATION, "cust-4421", images=face),
        _of_v3("Forgeman", consent, Product.DOCUMENT_VERIFICATION, "cust-4422", country="KE", images=document),
        _of_v3("Puzzleton", consent, Product.DOCUMENT_VERIFICATION, "cust-4423", country="GH", images=document),
        _of_v3("Oldfield", consent, Product.ENHANCED_DOCUMENT_VERIFICATION, "cust-4424", country="GH", images=document),
        _of_v3("Clearwater", consent, Product.DOCUMENT_VERIFICATION, "cust-4425", country="NG", images=document),
    ]


def _of_v3(last_name: str, consent: dict[str, Any], product: Product, reference: str, **more: Any) -> JobRequest:
    """A job about one of the sandbox's test people, with a passport where the product takes a document."""
    found = next(each for each in sandbox_people() if each.last_name == last_name)
    person = {"first_name": found.given_names, "last_name": found.last_name, "email": found.email, "consent": consent}
    id_type = "PASSPORT" if more.get("country") else ""
    return JobRequest(
        product, SmileApi.V3, id_type=id_type, user_id=reference, customer_reference=reference, person=person, **more
    )


def draw_face() -> bytes:
    """A drawn face instead of a photo: the simulator looks at files, not at people."""
    image = Image.new("RGB", (480, 640), "#dbe4ee")
    draw = ImageDraw.Draw(image)
    draw.ellipse((120, 120, 360, 440), fill="#8d5b3f")
    draw.pieslice((110, 100, 370, 380), 180, 360, fill="#241a15")
    for left in (180, 260):
        draw.ellipse((left, 260, left + 44, 284), fill="white")
        draw.ellipse((left + 14, 262, left + 32, 280), fill="#1c1c1c")
    draw.arc((190, 320, 290, 390), 20, 160, fill="#5a2a22", width=8)
    draw.rectangle((60, 450, 420, 640), fill="#2f5d50")
    return _as_jpeg(image)


def draw_document(title: str) -> bytes:
    image = Image.new("RGB", (800, 520), "#f4efe2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 800, 70), fill="#1d4d3c")
    draw.text((24, 20), title, fill="white", font_size=30)
    draw.rectangle((40, 120, 260, 400), fill="#c9d3dc")
    for line, width in enumerate((380, 300, 340, 220)):
        draw.rectangle((310, 140 + line * 60, 310 + width, 160 + line * 60), fill="#6b7280")
    draw.rectangle((40, 440, 760, 490), fill="#d9d2bf")
    return _as_jpeg(image)


def _as_jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()
