"""Submits jobs: every product of v3, with an answer at once where Smile offers one."""

import re
from collections.abc import Callable
from typing import Any

from dashboard.smile import validation
from dashboard.smile.errors import BadSignature, TransportFailed
from dashboard.smile.transport import Reply
from dashboard.smile.v3 import constants
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.answers import Accepted, News, Result, moment, number, result_of, rows, word
from dashboard.smile.v3.jobs import checked_job_id
from dashboard.smile.v3.requests import AmlMonitoring, EnhancedKyc, OneTimeAml, Submission
from dashboard.smile.v3.rules import checked_choice
from dashboard.smile.v3.tokens import Token
from dashboard.smile.validation import Wrong


class Verifications:
    """Submits jobs. No submission is repeated, since each one is charged.

    https://github.com/smileidentity/api-reference
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def submit(
        self,
        request: Submission,
        *,
        token: Token | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Accepted:
        """Submit a job. Its result comes by webhook, its decision by `Jobs.status`.

        request: one of the classes of `requests`. token: of `Client.create_token`; it replaces what it holds.
        before_sending: called once, just before the request leaves; until then Smile knows nothing of the job.
        Raises InvalidRequest before anything is sent, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        built = self._account.built(request, Submission, token)
        answer = self._account.submit(built.path, built, token, before_sending=before_sending).fields
        job_id = word(answer, "job_id")
        if not job_id:
            raise TransportFailed("Smile's answer holds no job id.")
        created_at = moment(answer, "created_at")
        return Accepted(job_id, word(answer, "user_id"), word(answer, "message"), created_at, answer)

    def check(self, request: Submission, *, token: Token | None = None) -> None:
        """Check a request without sending anything.

        Raises InvalidRequest, which names every wrong field.

        https://github.com/smileidentity/api-reference
        """
        self._account.built(request, Submission, token)

    def look_up(
        self,
        request: EnhancedKyc,
        *,
        token: Token | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Result:
        """Enhanced KYC with the result at once, and no webhook. The signature of the answer is checked.

        before_sending: as for `submit`.
        Raises InvalidRequest, TransportFailed; Refused ("authority_silent", "authority_down") or BadSignature, after
        which the error's `smile_job_id`, where there is one, has a status, and nothing should be submitted again.

        https://github.com/smileidentity/api-reference
        """
        built = self._account.built(request, EnhancedKyc, token)
        return self._result(self._account.submit("enhanced_kyc/sync", built, token, before_sending=before_sending))

    def screen(self, request: OneTimeAml, idempotency_key: str, *, token: Token | None = None) -> Result:
        """One-Time AML with the result at once. The signature of the answer is checked.

        idempotency_key: 16 to 128 letters, digits, "-" and "_"; repeating a request with its key costs nothing.
        Raises InvalidRequest, TransportFailed, BadSignature; Refused ("authority_silent": repeat with the same key).

        https://github.com/smileidentity/api-reference
        """
        built = self._account.built(request, OneTimeAml, token)
        wrong: Wrong = {}
        if isinstance(request, AmlMonitoring):
            wrong["request"] = "is monitoring, which has no answer at once"
        if not isinstance(idempotency_key, str) or not constants.IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            wrong["idempotency_key"] = "has to be 16 to 128 letters, digits, hyphens and underscores"
        validation.refuse_if(wrong)
        return self._result(
            self._account.submit("aml/sync", built, token, {"SmileID-Idempotency-Key": idempotency_key})
        )

    def news(self, job_id: str, reference: str, news_category: str, *, page: int = 1, limit: int = 25) -> News:
        """The news about a person that AML monitoring found.

        job_id: of the monitoring. reference: of the person in its result. news_category: one of
            `constants.NEWS_CATEGORIES`. page, limit: 1 to 100.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        checked_job_id(job_id, wrong)
        if not isinstance(reference, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", reference):
            wrong["reference"] = "has to be letters, digits, hyphens and underscores"
        checked_choice(news_category, constants.NEWS_CATEGORIES, "news_category", wrong)
        for name, value in (("page", page), ("limit", limit)):
            validation.check_number(value, name, wrong, is_whole=True)
            if name not in wrong and not 1 <= value <= 100:
                wrong[name] = "has to be a number from 1 to 100"
        validation.refuse_if(wrong)
        query = {"news_category": news_category, "page": str(page), "limit": str(limit)}
        answer = self._account.ask(f"aml/monitoring/{job_id}/news/{reference}", query).fields
        meta: Any = answer.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        return News(rows(answer, "news"), number(meta, "current_page"), number(meta, "total_count"), answer)

    def _result(self, reply: Reply) -> Result:
        try:
            self._account.check_signature(reply.headers)
        except BadSignature as error:
            error.smile_job_id = reply.headers.get("SmileID-Job-ID")
            raise
        return result_of(reply.fields, reply.headers)
