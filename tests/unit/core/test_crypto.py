"""The key ring: what it seals, what it opens, and what it never gives away."""

import base64

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from dashboard.crypto import KeyRing, UnreadableValue

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32


@budget(max_examples=40, deadline=None)
@given(plaintext=st.binary(max_size=200), identity=st.text(max_size=40))
def test_what_is_sealed_opens_again(plaintext: bytes, identity: str):
    ring = KeyRing([NEW])

    sealed = ring.seal(plaintext, identity)

    assert ring.open(sealed, identity) == plaintext
    assert len(plaintext) < 4 or plaintext not in sealed


def test_same_value_is_never_sealed_alike():
    ring = KeyRing([NEW])

    assert ring.seal(b"value", "row") != ring.seal(b"value", "row")


def test_first_key_seals_and_all_open():
    before, rotated = KeyRing([OLD]), KeyRing([NEW, OLD])

    old, new = before.seal(b"value", "row"), rotated.seal(b"value", "row")

    assert rotated.open(old, "row") == b"value"
    assert KeyRing([NEW]).open(new, "row") == b"value"
    with pytest.raises(UnreadableValue):
        before.open(new, "row")


@budget(max_examples=60, deadline=None)
@given(at=st.integers(0, 200), flip=st.integers(1, 255), cut=st.integers(0, 200))
def test_changed_or_shortened_value_does_not_open(at: int, flip: int, cut: int):
    ring = KeyRing([NEW])
    sealed = bytearray(ring.seal(b"a value of some length", "row"))
    shortened = bytes(sealed[: cut % len(sealed)])
    sealed[at % len(sealed)] ^= flip

    for broken in (bytes(sealed), shortened):
        with pytest.raises(UnreadableValue):
            ring.open(broken, "row")


def test_value_of_another_row_does_not_open_and_the_error_quotes_nothing():
    ring = KeyRing([NEW])
    sealed = ring.seal(b"22212345678", "job:1:id_number")

    with pytest.raises(UnreadableValue) as error:
        ring.open(sealed, "job:2:id_number")

    assert "22212345678" not in str(error.value)
    assert repr(sealed) not in str(error.value)


def test_json_survives():
    ring, value = KeyRing([NEW]), {"name": "Amina", "half": "\ud800", "list": [1, None, True]}

    assert ring.open_json(ring.seal_json(value, "row"), "row") == value


def test_search_digest_ignores_case_and_space_but_not_the_key():
    ring = KeyRing([NEW])

    assert ring.digest_for_search(" ab-12 ") == ring.digest_for_search("AB-12")
    assert ring.digest_for_search("AB-12") != ring.digest_for_search("AB-13")
    assert ring.digest_for_search("AB-12") != KeyRing([OTHER]).digest_for_search("AB-12")


def test_search_still_finds_what_an_older_key_digested():
    stored = KeyRing([OLD]).digest_for_search("AB-12")

    assert stored in KeyRing([NEW, OLD]).digests_for_search("AB-12")
    assert stored not in KeyRing([NEW]).digests_for_search("AB-12")


def test_repr_shows_no_key():
    ring = KeyRing.from_base64([base64.b64encode(OLD).decode()])

    assert repr(ring) == "KeyRing(1 keys)"
