"""Sample data: the demo's members, and jobs that run through worker and simulator to every kind of end."""

import io
from datetime import datetime
from functools import partial

from PIL import Image, ImageDraw
from sqlmodel import Session, col, func, select

from dashboard.config import Settings
from dashboard.jobs.models import Job
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.media import GivenImage
from dashboard.jobs.submitting.submission import JobRequest, submit_job
from dashboard.permissions import Role
from dashboard.smile.constants import ImageType
from dashboard.team.members.members import add_member, set_password
from dashboard.team.models import Member

CAST = (
    ("ada@example.com", "Ada", Role.OWNER),
    ("ben@example.com", "Ben", Role.OPERATOR),
    ("cleo@example.com", "Cleo", Role.VIEWER),
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
    """Submits a dozen jobs, one for each case that the pages can show. Worker and simulator do the rest."""
    return [submit_job(session, wanted, settings, "ben@example.com", now) for wanted in sample_requests()]


def sample_requests() -> list[JobRequest]:
    selfie = GivenImage(ImageType.SELFIE_FILE, draw_face())
    front = GivenImage(ImageType.ID_FRONT_FILE, draw_document("PASSPORT"))
    ng_bvn = partial(JobRequest, country="NG", id_type="BVN", id_number="00000000000")
    ng_nin = partial(JobRequest, Product.ENHANCED_KYC, country="NG", id_type="NIN")
    passport = partial(JobRequest, id_type="PASSPORT", images=(selfie, front))
    return [
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
