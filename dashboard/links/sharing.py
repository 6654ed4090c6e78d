"""What staff send to the customer: the address, its QR code, and ready messages in the link's language.

None of it is stored: after the page is left, only a new code makes it available again.
"""

from dataclasses import dataclass
from urllib.parse import quote

import segno

from dashboard.languages import DEFAULT
from dashboard.links.languages import Sentence, texts_in
from dashboard.links.models import Link
from dashboard.stored_settings import Branding

#: The white border around the code, in modules; readers need four.
QUIET_ZONE = 4
PNG_PIXELS_PER_MODULE = 12


@dataclass(frozen=True)
class ShareTexts:
    address: str
    language: str
    direction: str
    message: Sentence  # for WhatsApp and SMS
    mail_subject: Sentence
    mail_body: Sentence
    poster: Sentence
    qr_svg: str  # a data: address, since no other page could make the image without the code
    qr_png: str

    @property
    def whatsapp_address(self) -> str:
        """Opens the app itself, where it is installed; no web server sees the code."""
        return f"whatsapp://send?text={quote(self.message)}"

    @property
    def whatsapp_web_address(self) -> str:
        """For computers without the app. WhatsApp's site reads the message, with the code, from this address."""
        return f"https://wa.me/?text={quote(self.message)}"

    @property
    def sms_address(self) -> str:
        """Opens a text message. Both iPhone and Android understand ?& here."""
        return f"sms:?&body={quote(self.message)}"

    @property
    def mail_address(self) -> str:
        body = self.mail_body.replace("\n", "\r\n")  # https://www.rfc-editor.org/rfc/rfc6068#section-5
        return f"mailto:?subject={quote(self.mail_subject)}&body={quote(body)}"


def share_link(link: Link, branding: Branding, address: str, is_reminder: bool = False) -> ShareTexts:
    texts = texts_in(link.language or DEFAULT)
    until = texts.moment(link.expires_at, branding.time_zone)
    values = {"company": branding.company_name, "address": address, "moment": until}
    kind = "reminder" if is_reminder else "message"
    code = segno.make(address, error="m", micro=False)
    return ShareTexts(
        address=address,
        language=texts.language,
        direction=texts.direction,
        message=texts(kind, **values),
        mail_subject=texts(f"{kind}_subject", **values),
        mail_body=texts(f"{kind}_body", **values),
        poster=texts("poster", **values),
        qr_svg=_svg(code),
        qr_png=_png(code),
    )


def _svg(code: segno.QRCode) -> str:
    return str(code.svg_data_uri(scale=1, border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True))


def _png(code: segno.QRCode) -> str:
    return str(code.png_data_uri(scale=PNG_PIXELS_PER_MODULE, border=QUIET_ZONE))
