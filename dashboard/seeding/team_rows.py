"""The rows of members and of their sign-ins."""

from secrets import token_urlsafe

from dashboard.seeding.chance import id_with
from dashboard.seeding.company import Company
from dashboard.seeding.moments import DAY, HOUR
from dashboard.seeding.rows import Rows
from dashboard.team.factors.passwords import hash_password

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
)
#: Of a hundred sign-ins, those that were ended with Sign out.
SIGNED_OUT = 60
OPEN_FOR = 30 * DAY


class TeamRows:
    def __init__(self, company: Company) -> None:
        self._company = company
        # Nobody knows it: a seeded member cannot sign in.
        self._password_hash = hash_password(token_urlsafe(24))

    def add_member(self, rows: Rows, number: int) -> None:
        colleague = self._company.colleague(number)
        left = colleague.at + int((self._company.until - colleague.at) * 0.7)
        rows.add(
            "member",
            {
                "id": colleague.id,
                "email": colleague.email,
                "name": colleague.name,
                "role": colleague.role,
                "password_hash": self._password_hash,
                "created_at": colleague.at,
                "disabled_at": left if colleague.is_gone else None,
                "time_zone": "Africa/Lagos",
            },
        )

    def add_sign_in(self, rows: Rows, number: int) -> None:
        random = self._company.chance.random("sign-in story", number)
        colleague = self._company.colleague(int(random.random() ** 2 * self._company.amounts.members))
        at = max(self._company.moment_of_sign_in(number), colleague.at)
        seen = min(at + int(random.random() * 9 * HOUR), self._company.until)
        is_over = random.random() * 100 < SIGNED_OUT or self._company.until - seen > OPEN_FOR
        rows.add(
            "sign_in",
            {
                "id": id_with(at, random.getrandbits(128)),
                "member_id": colleague.id,
                "token_digest": f"{random.getrandbits(256):064x}",
                "created_at": at,
                "seen_at": seen,
                "ended_at": seen if is_over else None,
                "user_agent": BROWSERS[int(random.random() * len(BROWSERS))],
                "from_address": f"198.51.100.{1 + int(random.random() * 250)}",
                "confirmed_at": at,
            },
        )
