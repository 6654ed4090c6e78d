"""The order in which a transaction locks rows, from the first table to the last.

On PostgreSQL two transactions that lock the same two rows in opposite orders wait for each other until the database
aborts one of them. So each verb locks rows of the tables below in this order, and rows of one table by their ids.
A verb that needs only some of the tables leaves the others out. A new row that nobody else knows yet needs no lock.
Rows that belong to one job are not named: the transaction that locks the job owns them.

The trail comes last: its chain has one writer at a time, and each writer holds up all the others.
"""

LOCK_ORDER = (
    "pressed_form",
    "tries",
    "member",
    "authenticator_app",
    "passkey",
    "recovery_code",
    "sign_in",
    "remembered_browser",
    "invitation",
    "password_reset",
    "outgoing_mail",
    "processing_run",
    "callback",
    "refused_delivery",
    "link",
    "web_token",
    "job",
    "job_warning_user",
    "name_search_key",
    "saved_view",
    "exact_time",
    "smile_key",
    "setting",
    "callback_search",
    "chain_check",
    "rollup_delta",
    "rollup",
    "rollup_generation",
    "audit_entry",
)
#: A transaction that changes one of these rows has locked its job.
OF_A_JOB = frozenset(
    {"dealt_with", "fraud_report", "image", "job_event", "job_warning", "link_start", "name_part", "result"}
)
#: The same for a link.
OF_A_LINK = frozenset({"earlier_code", "link_message"})
