"""How a body is shown wherever it stands: one masking, one folding, readable letters."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given

from dashboard.jobs.embedded_images import find_embedded_images
from dashboard.jobs.showing.personal import SECRET_FIELDS, body_as_json, fold_base64, fold_text, shown_body
from dashboard.web.pages.filters import readable_json
from dashboard.web.pages.invisible_characters import MarkEverything
from tests.factories.answers import BODIES
from tests.factories.images import make_jpeg

RAW = base64.b64encode(make_jpeg(3, 400, 300)).decode()
WRAPPED = "\r\n".join(RAW[start : start + 76] for start in range(0, len(RAW), 76))
SPELLINGS = {
    "plain": RAW,
    "data URI": f"data:image/jpeg;base64,{RAW}",
    "wrapped": WRAPPED,
    "wrapped data URI": f"data:image/jpeg;base64,{WRAPPED}",
    "with ends of lines": base64.encodebytes(make_jpeg(3, 400, 300)).decode(),
    "url-safe": RAW.replace("+", "-").replace("/", "_"),
    "escaped slashes": RAW.replace("/", "\\/"),
    "inside a text": json.dumps({"photo": WRAPPED}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("depth", [0, 1, 12])
def test_picture_is_folded_however_it_is_written_and_wherever_it_stands(spelling: str, depth: int):
    value: Any = SPELLINGS[spelling]
    for level in range(depth):
        value = [value] if level % 2 else {"inner": value}

    folded = json.dumps(fold_base64({"Photo": value, "Later": "is still there"}))

    assert len(folded) < 400
    assert "<base64, " in folded
    assert "is still there" in folded


def test_short_texts_and_prose_are_left_alone():
    for text in ("a word " * 100, RAW[:150], "https://example.com/a/b?c=d&" * 20, "", "N'Golo Adébáyọ̀ محمد " * 20):
        assert fold_text(text) == text


def test_revealed_body_with_a_big_picture_shows_the_fields_after_it():
    body = {"Photo": f"data:image/jpeg;base64,{'A' * 1_300_000}", "More": {"card": WRAPPED * 20}, "Last": "the end"}

    shown = body_as_json(body, is_revealed=True)

    assert len(shown) < 500
    assert "the end" in shown


def test_letters_of_every_script_are_readable_and_what_hides_text_is_left_to_the_page():
    shown = readable_json({"FullName": "N'Golo Adébáyọ̀ محمد", "x": "a\u202eb\ud800"})

    assert "N'Golo Adébáyọ̀ محمد" in shown
    assert isinstance(shown, MarkEverything)


def test_of_partner_params_only_the_ids_are_plain():
    params = {"user_id": "u", "job_id": "j", "job_type": 1, "FullName": "Joe", "email": "joe@example.com"}
    body = {"PartnerParams": params | {"optional_info": {"phone": "0800"}}, "ResultCode": "0810"}

    for shown in (
        shown_body(body, False)["PartnerParams"],
        shown_body({"result": body}, False)["result"]["PartnerParams"],
    ):
        assert {name: shown[name] for name in ("user_id", "job_id", "job_type")} == {
            "user_id": "u",
            "job_id": "j",
            "job_type": 1,
        }
        assert {shown[name] for name in ("FullName", "email", "optional_info")} == {"[masked]"}


@pytest.mark.parametrize("name", ["user_id", "ResultText", "Country", "Source", "ResultCode", "error"])
def test_impersonal_field_that_holds_an_object_is_masked(name: str):
    hidden = {"FullName": "Joe Doe"}

    assert shown_body({name: hidden, "PartnerParams": {name: hidden}, "history": hidden | {name: hidden}}, False) == {
        name: "[masked]",
        "PartnerParams": {name: "[masked]"},
        "history": {"FullName": "[masked]", name: "[masked]"},
    }


def test_numbers_keep_their_last_four_digits_beside_the_one_word_for_masked():
    shown = shown_body({"IDNumber": "22212345678", "PhoneNumber": 2348055667788, "DOB": "1961-07-08"}, False)

    assert shown == {"IDNumber": "[masked] 5678", "PhoneNumber": "[masked] 7788", "DOB": "[masked]"}


@given(body=BODIES)
def test_any_body_is_shown_without_its_signatures(body: dict[str, Any]):
    secret = "a signature of Smile"
    signed = body | {"signature": secret, "inner": [{"Sec_Key": secret}], "history": [{"signature": secret}]}

    for is_revealed in (True, False):
        assert secret not in json.dumps(shown_body(signed, is_revealed))
        assert body_as_json(signed, is_revealed).encode()
    assert {"signature", "sec_key"} == SECRET_FIELDS
    assert find_embedded_images(signed) is not None
