"""The enrolment of users, and the job types that it allows or forbids."""

from dashboard.sandbox.refusals import (
    USER_DELETED,
    USER_DISABLED,
    USER_EXISTS,
    USER_MUST_REENROL,
    USER_UNKNOWN,
    Refused,
)
from dashboard.sandbox.state import Sandbox

#: SmartSelfie Authentication and Update Photo compare with the enrolled selfie.
NEEDS_ENROLMENT = frozenset({2, 8})


def check(sandbox: Sandbox, user_id: str, job_type: int, *, use_enrolled_image: bool, allow_new_enroll: bool) -> None:
    """Check that the user's enrolment allows a job.

    Raises Refused: 2207 disabled, 2208 deleted, 2209 enrolled already, 2210 not enrolled, 2211 must enrol again.

    https://docs.usesmileid.com/further-reading/faqs/how-to-re-enroll-deactivate-or-block-a-user
    """
    user = sandbox.store.users.get(user_id)
    needs = job_type in NEEDS_ENROLMENT or use_enrolled_image
    if user is None or not (user.enrolled or user.deleted):
        if needs:
            raise Refused(USER_UNKNOWN)
        return
    if user.deleted:
        raise Refused(USER_DELETED)
    if not user.active or user.fraudulent:
        raise Refused(USER_DISABLED)
    if needs and user.may_enrol_again:
        raise Refused(USER_MUST_REENROL)
    enrols = job_type in sandbox.settings.enrolling_job_types
    if enrols and not (user.may_enrol_again or allow_new_enroll):
        raise Refused(USER_EXISTS)
