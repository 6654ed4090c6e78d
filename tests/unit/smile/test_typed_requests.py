"""What a caller of the client hands in: ids of other systems as they are, a number as it was meant."""

import pytest

from dashboard.smile.validation import Wrong, checked_id_info, checked_partner_params


@pytest.mark.parametrize("user_id", ["auth0|5f7c8ec7", "google-oauth2|1167", "o'brien@example.com", "Ada Ọbí"])
def test_ids_of_other_systems_are_taken(user_id: str):
    wrong: Wrong = {}

    given = checked_partner_params({"user_id": user_id, "job_id": "INV/2026/001"}, wrong, None)

    assert wrong == {}
    assert given["user_id"] == user_id


@pytest.mark.parametrize("user_id", ["a\0b", "a\x1bb", "a\nb"])
def test_control_characters_are_no_id(user_id: str):
    wrong: Wrong = {}

    checked_partner_params({"user_id": user_id, "job_id": "job-1"}, wrong, None)

    assert wrong == {"user_id": "holds control characters"}


@pytest.mark.parametrize("typed", ["222\u00a0123 45678", "\u202d22212345678\u202c", "BVN: ٢٢٢١٢٣٤٥٦٧٨,"])
def test_a_number_is_sent_as_it_was_meant(typed: str):
    wrong: Wrong = {}

    given = checked_id_info({"country": "NG", "id_type": "BVN", "id_number": typed}, wrong, 5)

    assert wrong == {}
    assert given["id_number"].replace(" ", "") == "22212345678"
