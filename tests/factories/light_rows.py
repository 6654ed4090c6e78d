"""Very many light rows, by one statement for each table: enough for statistics of PostgreSQL, and nothing sealed."""

import json
from uuid import UUID

from sqlalchemy import Connection, text

from dashboard.callbacks.text_index import INDEXED_UP_TO
from dashboard.db import Database, utc_now

#: An id in the order of `n`, with a time in it as UUIDv7 has, and as each engine stores it.
IDS = {
    "sqlite": "printf('%012x7000{kind}%012x', 1700000000000 + n * 1000, n)",
    "postgresql": "(lpad(to_hex(1700000000000 + n * 1000), 12, '0') || '7000{kind}' || lpad(to_hex(n), 12, '0'))::uuid",
}
SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows})",
    "postgresql": "WITH series(n) AS (SELECT generate_series(1, {rows}))",
}
AT = "{at}"
PRODUCT = "CASE n % 10 WHEN 0 THEN 'biometric_kyc' WHEN 1 THEN 'basic_kyc' ELSE 'enhanced_kyc' END"
COUNTRY = "CASE WHEN n % 100 = 0 THEN 'KE' WHEN n % 3 = 0 THEN 'GH' ELSE 'NG' END"
ID_TYPE = "CASE WHEN n % 50 = 0 THEN 'PASSPORT' WHEN n % 2 = 0 THEN 'BVN' ELSE 'NIN' END"
#: Ids that {n} makes unique; every third has a beginning of its own.
NAME = "CASE n % 3 WHEN 0 THEN 'user-' ELSE 'customer-' END || n"

JOB = {
    "environment": "'sandbox'",
    "product": PRODUCT,
    "api": "CASE WHEN n % 60 = 0 THEN 'v3' ELSE 'v1' END",
    "job_type": "5",
    "user_id": NAME,
    "user_id_folded": f"replace({NAME}, '-', '')",
    "job_id": "'job-' || n",
    "job_id_folded": "'job' || n",
    "smile_job_id": "'smile-' || n",
    "smile_job_id_folded": "'smile' || n",
    "customer_reference": "'ref-' || n",
    "customer_reference_folded": "'ref' || n",
    "state": "CASE WHEN n % 97 = 0 THEN 'failed' WHEN n % 89 = 0 THEN 'waiting' ELSE 'done' END",
    "outcome": (
        "CASE WHEN n % 97 = 0 OR n % 89 = 0 THEN NULL WHEN n % 83 = 0 THEN 'error' WHEN n % 79 = 0 THEN 'unknown'"
        " WHEN n % 7 = 0 THEN 'rejected' ELSE 'approved' END"
    ),
    "country": COUNTRY,
    "id_type": ID_TYPE,
    "result_code": "CASE WHEN n % 97 = 0 OR n % 89 = 0 THEN NULL WHEN n % 11 = 0 THEN '1013' ELSE '1012' END",
    "link_id": "CASE WHEN n % 3 = 0 THEN {link} END",
    "id_number_digest": "'digest-' || (n / 2)",
    "phone_digest": "'phone-' || (n / 2)",
    "partner_params": "'{}'",
    "created_by": (
        "CASE WHEN n % 3 = 0 THEN 'customer' WHEN n % 40 = 1 THEN 'ada@example.com' ELSE 'ben@example.com' END"
    ),
    "created_at": AT,
    "changed_at": AT,
    "version": "1",
    "step": "'sent'",
    "attempts": "0",
    "checks": "0",
    "warning_count": "CASE WHEN n % 71 = 0 THEN 1 ELSE 0 END",
    "warning_kinds": "CASE WHEN n % 710 = 0 THEN 'deceased' WHEN n % 71 = 0 THEN 'suspects' ELSE '' END",
    "callback_due_at": f"CASE WHEN n % 89 = 0 THEN {AT} END",
    "erased": "'[]'",
}
CALLBACK = {
    "environment": "'sandbox'",
    "received_at": AT,
    "last_seen_at": AT,
    "source_address": "''",
    "headers": "'{}'",
    "body_size": "2",
    "body_sha256": "'sha-' || n",
    "signature_digest": "'signature-' || n",
    "signature_use": "0",
    "verdict": "CASE WHEN n % 101 = 0 THEN 'stale' WHEN n % 1009 = 0 THEN 'missing' ELSE 'valid' END",
    "reason": "''",
    "steps": "'[]'",
    "job_id": "CASE WHEN n % 20 > 0 THEN {job} END",
    "claimed_job_id": "'job-' || n",
    "claimed_smile_job_id": "''",
    "product": PRODUCT,
    "country": COUNTRY,
    "id_type": ID_TYPE,
    "id_number_digest": "'digest-' || (n / 2)",
    "times_seen": "CASE WHEN n % 40 = 0 THEN 2 ELSE 1 END",
    "attempts": "0",
    "search_text": "'job-' || n || ' user-' || n || ' 0810 approved ~job' || n",
    "body_sealed": "{bytes}",
}
TEXTS = {
    "number": "n",
    "callback_id": "{callback}",
    "environment": "'sandbox'",
    "body_sha256": "'sha-' || n",
    "text": "' job-' || n || ' user-' || n || ' 0810 approved ~job' || n || ' '",
}
LINK = {
    "environment": "'sandbox'",
    "kind": "CASE WHEN n % 50 = 0 THEN 'smile' ELSE 'hosted' END",
    "code_digest": "'code-' || n",
    "product": PRODUCT,
    "choices": "'[]'",
    "customer_reference": "'ref-' || n",
    "customer_reference_folded": "'ref' || n",
    "user_id": "''",
    "user_id_folded": "''",
    "prefill_is_locked": "false",
    "partner_params": "'{}'",
    "language": "''",
    "return_url": "''",
    "expires_at": AT,
    "uses_allowed": "1",
    "uses_spent": "0",
    "created_by": "'ben@example.com'",
    "created_at": AT,
    "changed_at": AT,
    "version": "1",
    "opened_at": f"CASE WHEN n % 4 > 0 THEN {AT} END",
    "submitted_at": f"CASE WHEN n % 4 > 1 THEN {AT} END",
    "settled_at": f"CASE WHEN n % 4 > 2 THEN {AT} END",
    "paused_at": f"CASE WHEN n % 211 = 0 THEN {AT} END",
    "revoked_at": f"CASE WHEN n % 199 = 0 THEN {AT} END",
}
TABLES = {"job": JOB, "callback": CALLBACK, "callback_search": TEXTS, "link": LINK}
#: A digit of the ids of each table.
KINDS = {"job": "8001", "callback": "8002", "link": "8003"}


#: What each engine writes in its own way.
OWN = {
    "sqlite": {"{at}": "'2026-01-15 09:30:00.000000'", "{bytes}": "x'00'"},
    "postgresql": {"{at}": "TIMESTAMPTZ '2026-01-15 09:30:00Z'", "{bytes}": "'\\x00'::bytea"},
}


def fill(database: Database, rows: int) -> None:
    with database.engine.begin() as connection:
        for table, columns in TABLES.items():
            _fill(connection, table, columns, rows)
        last = "SELECT id FROM callback ORDER BY id DESC LIMIT 1"
        position = {"id": str(UUID(str(connection.exec_driver_sql(last).scalar_one())))}
        position |= {"value": json.dumps(position["id"]), "name": INDEXED_UP_TO, "at": utc_now()}
        connection.execute(text("INSERT INTO setting (name, value, changed_at) VALUES (:name, :value, :at)"), position)
        if database.is_sqlite:
            connection.exec_driver_sql(
                "INSERT INTO callback_search_trigrams (rowid, text) SELECT number, text FROM callback_search"
            )


def _fill(connection: Connection, table: str, columns: dict[str, str], rows: int) -> None:
    engine = connection.dialect.name
    ids = {f"{{{name}}}": IDS[engine].replace("{kind}", kind) for name, kind in KINDS.items()}
    values = ({"id": ids[f"{{{table}}}"]} if table in KINDS else {}) | columns
    names, listed = ", ".join(values), ", ".join(values.values())
    for mark, value in (ids | OWN[engine]).items():
        listed = listed.replace(mark, value)
    series = SERIES[engine].format(rows=rows)
    statement = f"INSERT INTO {table} ({names}) {series} SELECT {listed} FROM series"  # noqa: S608  # ours
    connection.execution_options(no_parameters=True).exec_driver_sql(statement)
