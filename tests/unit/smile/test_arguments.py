"""Every argument of every public method, with wrong types and empty values: refused by its name, nothing sent."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from dashboard import smile as package
from dashboard.smile import (
    IDApi,
    InvalidRequest,
    PartnerAccount,
    Services,
    Signature,
    SmileLinks,
    Transport,
    Utilities,
    WebApi,
    validation,
)

from . import legacy
from .examples import CALLBACK, JPEG, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, FakeSmile

NO_OBJECT: list[Any] = ["text", 7, ["list"], b"bytes", True]
NO_TEXT: list[Any] = [7, 1.5, True, ["x"], {"x": 1}, b"bytes", object()]
MISSING: list[Any] = [None, ""]
NO_FLAG: list[Any] = ["true", 1, [], b""]
NO_ADDRESS: list[Any] = [
    7,
    "hooks",
    "ftp://x/y",
    "http://",
    "http://[",
    "  ",
    b"http://x.example/",
    ["http://x.example"],
]
NO_NUMBER: list[Any] = ["1", None, -1, float("nan"), float("inf"), True, []]
SELFIE = [{"image_type_id": 0, "image": JPEG}]
LINK = {
    "name": "KYC",
    "company_name": "Kora",
    "id_types": [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}],
}
TOKEN = {"user_id": "u", "job_id": "j", "product": "smartselfie"}
WHO = {"partner_id": PARTNER_ID, "api_key": API_KEY, "sid_server": 0}


class Wrong(NamedTuple):
    """method: as it is called with `good`. argument: the one that is replaced. key: a key in it that is."""

    method: str
    argument: str
    values: list[Any]
    field: str
    key: str = ""


#: method -> arguments that nothing is wrong with
GOOD: dict[str, dict[str, Any]] = {
    "WebApi": {**WHO, "default_callback": CALLBACK},
    **{name: dict(WHO) for name in ("IDApi", "Utilities", "Services", "PartnerAccount", "SmileLinks")},
    "Signature": {"partner_id": PARTNER_ID, "api_key": API_KEY},
    "Transport": {"base_url": 0},
    "WebApi.submit_job": {"partner_params": job(), "image_details": SELFIE},
    "WebApi.validate_job": {"partner_params": job(), "image_details": SELFIE},
    "WebApi.prepare_upload": {"partner_params": job()},
    "WebApi.upload_zip": {"upload_url": "http://127.0.0.1:9/", "partner_params": job(), "image_details": SELFIE},
    "WebApi.get_job_status": {"partner_params": job()},
    "WebApi.get_web_token": {"request_params": TOKEN},
    "IDApi.submit_job": {"partner_params": job(5), "id_info": lookup()},
    "IDApi.submit_basic_kyc": {"partner_params": job(5), "id_info": lookup()},
    "IDApi.validate_job": {"partner_params": job(5), "id_info": lookup()},
    "Utilities.get_job_status": {"user_id": "u", "job_id": "j"},
    "Utilities.wait_for_result": {"user_id": "u", "job_id": "j"},
    "Services.services": {},
    "Services.products_config": {},
    "Services.valid_documents": {},
    "PartnerAccount.wallet_balance": {},
    "PartnerAccount.id_status": {"country": "NG", "id_type": "BVN"},
    "SmileLinks.create": {"details": LINK},
    "SmileLinks.update": {"ref_id": "r", "changes": {"name": "x"}},
    "SmileLinks.disable": {"ref_id": "r"},
    "SmileLinks.get": {"ref_id": "r"},
    "SmileLinks.list": {},
    "Signature.generate_signature": {},
    "Signature.generate_sec_key": {},
}
JOBS = ("WebApi.submit_job", "WebApi.validate_job", "WebApi.prepare_upload", "WebApi.upload_zip")
WITH_IMAGES = ("WebApi.submit_job", "WebApi.validate_job", "WebApi.upload_zip")
LOOKUPS = ("IDApi.submit_job", "IDApi.submit_basic_kyc", "IDApi.validate_job")
CLIENTS = ("WebApi", "IDApi", "Utilities", "Services", "PartnerAccount", "SmileLinks")
LINK_BY_ID = ("SmileLinks.update", "SmileLinks.disable", "SmileLinks.get")
#: They answer False to anything malformed, which tests of their own try.
NEVER_REFUSE = {"Signature.confirm_signature", "Signature.confirm_sec_key", "Transport.close"}
#: What the clients stand on: no method of these takes a partner's input.
PLUMBING = {
    "Signature.digest",
    "Transport.announce",
    "Transport.read",
    "Transport.send",
    "Transport.put_stream",
    "Transport.call",
    "Transport.repeated",
}


def table() -> Iterator[Wrong]:
    for client in CLIENTS:
        yield Wrong(client, "partner_id", [*NO_TEXT, *MISSING, "\ud800"], "partner_id")
        yield Wrong(client, "api_key", [*NO_TEXT, *MISSING], "api_key")
        yield Wrong(client, "sid_server", [2, "", True, None, "x", b"0", [], "ftp://x/v1"], "sid_server")
        yield Wrong(client, "transport", ["http://x.example/v1", 7, object()], "transport")
        yield Wrong(client, "verify_keys", ["one key", 7, None, b"key"], "verify_keys")
        yield Wrong(client, "verify_keys", [[""], [None], [7]], "verify_keys[0]")
    yield Wrong("WebApi", "default_callback", NO_ADDRESS, "default_callback")
    yield Wrong("WebApi", "poll_tries", [*NO_NUMBER, 1.5], "poll_tries")
    yield Wrong("WebApi", "poll_wait", NO_NUMBER, "poll_wait")
    yield Wrong("Signature", "partner_id", [*NO_TEXT, *MISSING], "partner_id")
    yield Wrong("Signature", "api_key", [*NO_TEXT, *MISSING], "api_key")
    yield Wrong("Signature.generate_signature", "timestamp", [True, [], {}, float("nan"), "", b"x"], "timestamp")
    yield Wrong("Signature.generate_sec_key", "timestamp", [True, [], {}, 1.5, "", "x", -1, b"1"], "timestamp")
    yield Wrong("Transport", "base_url", [2, "", None, "x"], "sid_server")
    yield Wrong("Transport", "timeout", [None, 5, "5", (1,), ("1", 2), (0, 1), (1, -1), (None, None)], "timeout")
    yield Wrong("Transport", "session", ["x", 7, object()], "session")
    yield Wrong("Transport", "on_signed", ["x", 7], "on_signed")
    yield Wrong("Transport", "on_answer", ["x", 7], "on_answer")
    yield Wrong("Transport", "ca_file", [7, True, b"x", "nowhere.pem", "  "], "ca_file")

    for method in (*JOBS, *LOOKUPS):
        yield Wrong(method, "partner_params", NO_OBJECT, "partner_params")
        yield Wrong(method, "partner_params", [object(), {1, 2}, float("nan"), b"x"], "partner_params", "extra")
        yield Wrong(method, "partner_params", [*MISSING, "four", 4.5, True, [4], 3, 99, -4], "job_type", "job_type")
    for method in (*JOBS, *LOOKUPS, "WebApi.get_job_status"):
        for key in ("user_id", "job_id"):
            yield Wrong(method, "partner_params", [*MISSING, 7, True, ["x"], {"x": 1}, "  ", "\ud800"], key, key)
    yield Wrong("WebApi.get_job_status", "partner_params", NO_OBJECT, "partner_params")
    for method in WITH_IMAGES:
        yield Wrong(method, "image_details", [*MISSING, [], 7, True, "x.jpg", b"x", {"image_type_id": 0}], "images")
        yield Wrong(method, "image_details", [["x.jpg"], [7], [None], [[]], [{}]], "images[0]")
    for method in (*WITH_IMAGES, *LOOKUPS):
        yield Wrong(method, "id_info", NO_OBJECT, "id_info")
        yield Wrong(method, "id_info", [object(), {1, 2}, float("inf"), b"x"], "id_info", "dob")
        yield Wrong(method, "id_info", ["yes", 1, [], {}], "entered", "entered")
        yield Wrong(method, "id_info", ["yes", 1, []], "consent_information", "consent_information")
        for key in validation.ID_INFO_TEXTS:
            yield Wrong(method, "id_info", [7, True, ["x"], {"x": 1}, "  "], key, key)
        for key in ("country", "id_type", "id_number"):
            yield Wrong(method, "id_info", [7, True, ["x"], "  "], key, key)
        yield Wrong(method, "id_info", ["Nigeria", "ng", "NGA"], "country", "country")
    for method in LOOKUPS:
        for key in ("country", "id_type", "id_number"):
            yield Wrong(method, "id_info", MISSING, key, key)

    for method in GOOD:
        if "." in method and method.partition(".")[0] in CLIENTS and method != "Services.services":
            yield Wrong(method, "options", NO_OBJECT, "options")
            yield Wrong(method, "options", [True], "no_such_option", "no_such_option")
            yield Wrong(method, "options", [False], "signature", "signature")
            yield Wrong(method, "options", NO_ADDRESS, "optional_callback", "optional_callback")
            for flag in validation.OPTION_FLAGS:
                yield Wrong(method, "options", NO_FLAG, flag, flag)

    for method in ("WebApi.prepare_upload", "WebApi.upload_zip"):
        yield Wrong(method, "callback_url", NO_ADDRESS, "callback_url")
        yield Wrong(method, "use_enrolled_image", [*NO_FLAG, None], "use_enrolled_image")
    yield Wrong("WebApi.prepare_upload", "retry", [*NO_FLAG, None], "retry")
    yield Wrong("WebApi.upload_zip", "upload_url", [*NO_TEXT, *MISSING, "  "], "upload_url")
    yield Wrong("WebApi.get_web_token", "request_params", NO_OBJECT, "request_params")
    for key in ("user_id", "job_id", "product"):
        yield Wrong("WebApi.get_web_token", "request_params", [*MISSING, 7, True, ["x"], "  "], key, key)
    yield Wrong("WebApi.get_web_token", "request_params", NO_ADDRESS, "callback_url", "callback_url")

    for method in ("Utilities.get_job_status", "Utilities.wait_for_result"):
        yield Wrong(method, "user_id", [*MISSING, 7, True, ["x"], {}, "  "], "user_id")
        yield Wrong(method, "job_id", [*MISSING, 7, True, ["x"], {}, "  "], "job_id")
    yield Wrong("Utilities.wait_for_result", "poll_tries", [*NO_NUMBER, 1.5], "poll_tries")
    yield Wrong("Utilities.wait_for_result", "poll_wait", NO_NUMBER, "poll_wait")
    for method in ("Services.services", "Services.valid_documents"):
        yield Wrong(method, "locale", [*NO_TEXT, "  "], "locale")
    yield Wrong("PartnerAccount.wallet_balance", "currency", [7, True, "EUR", ["USD"], b"USD"], "currency")
    yield Wrong("PartnerAccount.id_status", "country", [*NO_TEXT, *MISSING, "  "], "country")
    yield Wrong("PartnerAccount.id_status", "id_type", [*NO_TEXT, *MISSING, "  "], "id_type")

    for method in LINK_BY_ID:
        yield Wrong(method, "ref_id", [*NO_TEXT, *MISSING, "  ", ".", ".."], "ref_id")
    yield Wrong("SmileLinks.update", "changes", [None, {}, {"name": None}], "changes")
    for method, argument in (("SmileLinks.create", "details"), ("SmileLinks.update", "changes")):
        yield Wrong(method, argument, NO_OBJECT, argument)
        yield Wrong(method, argument, [object(), b"x"], argument, "extra")
        for key in ("name", "company_name", "user_id", "expires_at"):
            yield Wrong(method, argument, [7, True, ["x"], "  "], key, key)
        for key in ("callback_url", "data_privacy_policy_url", "logo_url", "redirect_url"):
            yield Wrong(method, argument, [value for value in NO_ADDRESS if not isinstance(value, bytes)], key, key)
        for key in ("is_single_use", "is_disabled"):
            yield Wrong(method, argument, ["true", 1, []], key, key)
        yield Wrong(method, argument, ["x", [], {"x": 1}, {"x": ["y"]}], "partner_params", "partner_params")
        yield Wrong(method, argument, ["BVN", {}, [], 7], "id_types", "id_types")
        yield Wrong(method, argument, [["BVN"], [7]], "id_types[0]", "id_types")
    for key in ("name", "company_name", "id_types"):
        yield Wrong("SmileLinks.create", "details", MISSING, key, key)


TABLE = list(table())


@pytest.fixture(scope="module")
def smile() -> Iterator[FakeSmile]:
    """One server for all, since none of these calls may reach it."""
    fake = FakeSmile()
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def clients(smile: FakeSmile) -> Iterator[dict[str, Any]]:
    """Class name -> one made with the good arguments, whose requests the fake server would see."""
    with Transport(smile.url, timeout=(2, 5)) as transport:
        more = {"sid_server": smile.url, "transport": transport}
        made = {name: getattr(package, name)(**GOOD[name] | more) for name in CLIENTS}
        # The only kind of key that a sec_key can be made with.
        yield {**made, "Signature": Signature(PARTNER_ID, legacy.API_KEY)}


@pytest.mark.parametrize("name", GOOD)
def test_each_argument_is_refused_by_its_name(smile: FakeSmile, clients: dict[str, Any], name: str) -> None:
    class_name, _, method_name = name.partition(".")
    method = getattr(clients[class_name], method_name) if method_name else getattr(package, class_name)

    for case in (case for case in TABLE if case.method == name):
        for value in case.values:
            arguments = dict(GOOD[name])
            arguments[case.argument] = {**arguments.get(case.argument, {}), case.key: value} if case.key else value
            # An object cannot hold bytes at all, whatever their name, and is reported itself.
            field = case.argument if case.key and isinstance(value, bytes) else case.field
            with pytest.raises(InvalidRequest) as caught:
                method(**arguments)
            assert caught.value.fields.get(field), (case.argument, case.key, value, caught.value.fields)

    assert smile.requests == []


def test_the_table_names_every_argument_of_every_public_method() -> None:
    wanted = set()
    for name in package.__all__:
        member = getattr(package, name)
        if not inspect.isclass(member) or issubclass(member, Exception):
            continue
        wanted |= {(name, argument) for argument in arguments_of(member)}
        for method, function in inspect.getmembers(member, inspect.isfunction):
            full = f"{name}.{method}"
            if not method.startswith("_") and full not in NEVER_REFUSE | PLUMBING:
                wanted |= {(full, argument) for argument in arguments_of(function)}

    tried = {(case.method, case.argument) for case in TABLE}

    assert wanted - tried == set()
    assert {method for method, _ in wanted} <= set(GOOD)


def arguments_of(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("name", [name for name in GOOD if "." not in name])
def test_nothing_is_wrong_with_the_good_ones(name: str) -> None:
    assert getattr(package, name)(**GOOD[name])


@pytest.mark.parametrize("value", [7, None, b"x", ["x"]])
def test_a_pattern_that_is_no_text_is_none(value: Any) -> None:
    assert package.id_number_pattern(value) is None


@pytest.mark.parametrize("kind", [IDApi, PartnerAccount, Services, SmileLinks, Transport, Utilities, WebApi])
def test_an_error_shows_neither_key_nor_value(kind: type) -> None:
    arguments = {name: value for name, value in GOOD[kind.__name__].items() if name != "api_key"}
    arguments |= {"sid_server": "secret-server"} if kind is not Transport else {"base_url": "secret-server"}
    if kind is not Transport:
        arguments["api_key"] = "secret-key"

    with pytest.raises(InvalidRequest) as caught:
        kind(**arguments)

    assert "secret" not in f"{caught.value} {caught.value!r}"
