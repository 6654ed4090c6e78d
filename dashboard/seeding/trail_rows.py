"""The lines of the audit trail: what members did with each job, chained to each other as real lines are."""

from collections.abc import Iterator

from dashboard.audit.models import hash_of
from dashboard.jobs.products import FACTS
from dashboard.seeding.company import A_MAKER, Brief, Company
from dashboard.seeding.moments import SECOND, Moment, datetime_of
from dashboard.seeding.rows import Row, Rows

ADDRESSES = 60
#: What members do after a job was created, by how often.
LATER = (
    *("job.revealed",) * 5,
    *("image.viewed",) * 3,
    *("member.signed_in",) * 3,
    "job.copied",
    "jobs.exported",
)


class TrailRows:
    def __init__(self, company: Company, last_hash: str) -> None:
        self._company, self._last_hash = company, last_hash

    def add(self, rows: Rows, numbers: range) -> None:
        """Adds these lines, the first one after the last line that was added here or is stored."""
        for sequence, line in enumerate(self._lines(numbers), numbers.start + 1):
            line |= {"sequence": sequence, "previous_hash": self._last_hash}
            line["hash"] = self._last_hash = hash_of(
                sequence,
                datetime_of(line["at"]),
                line["who"],
                line["member_id"],
                line["action"],
                line["subject"],
                line["details"],
                line["from_address"],
                line["previous_hash"],
            )
            rows.add("audit_entry", line)

    def _lines(self, numbers: range) -> Iterator[Row]:
        jobs, lines = self._company.amounts.jobs, self._company.amounts.audit_lines
        job: Brief | None = None
        for number in numbers:
            of_job = number * jobs // lines
            if job is None or job.number != of_job:
                job = self._company.job(of_job)
            place = number - -(-of_job * lines // jobs)  # 0 for the job's first line
            yield self._later(job, number, place) if place else self._created(job)

    def _created(self, job: Brief) -> Row:
        details = {"product": job.product.value, "job_id": job.job_id}
        if job.link is not None:
            details["link"] = str(self._company.link(job.link).id)
        return self._line(job.at, "job.created", f"job {job.id}", None if job.link is not None else job.bits, details)

    def _later(self, job: Brief, number: int, place: int) -> Row:
        bits = self._company.chance.bits("line", number)
        at = job.at + (20 + 17 * place) * SECOND
        action = LATER[bits % len(LATER)]
        if action == "image.viewed" and not FACTS[job.product].images:
            action = "job.revealed"
        subject = "jobs" if action == "jobs.exported" else f"job {job.id}"
        return self._line(at, action, subject, bits >> 32, {})

    def _line(self, at: Moment, action: str, subject: str, member: int | None, details: dict[str, str]) -> Row:
        """`member`: chance for which of them did it; None for the customer."""
        colleague = None if member is None else self._company.maker(member & 0xFFFF)
        who = "customer" if member is None else colleague.email if colleague else A_MAKER
        if action == "member.signed_in" and colleague:
            subject, details = f"member {colleague.id}", {"by": "password"}
        place = colleague.number % ADDRESSES if colleague else ADDRESSES
        return {
            "at": at,
            "who": who,
            "member_id": colleague.id if colleague else None,
            "action": action,
            "subject": subject,
            "details": details,
            "from_address": f"198.51.100.{1 + place}",
        }
