"""Valid arguments for the client's methods; a test changes only what it is about."""

from typing import Any

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4 + b"\xff\xd9"
CALLBACK = "https://partner.example/hooks/smile"


def job(job_type: Any = 4, **extra: Any) -> dict[str, Any]:
    return {"user_id": "user-1", "job_id": "job-1", "job_type": job_type, **extra}


def lookup(**extra: Any) -> dict[str, Any]:
    return {"country": "NG", "id_type": "BVN", "id_number": "00000000000", **extra}
