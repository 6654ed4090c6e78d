"""One e-mail over SMTP: always by TLS, always to a server whose certificate fits, and every failure in words."""

import socket
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
import trustme

from dashboard.mail import MailFailed, mail_server, may_receive_mail, send_mail
from tests.conftest import make_settings
from tests.factories import mail as factory
from tests.factories.mail import SECRET, SENDER, USER, Post


def send(tmp_path: Path, post: Post, to: str = "ben@example.com", **settings: object) -> None:
    server = mail_server(make_settings(tmp_path, **(post.settings() | settings)))
    assert server is not None
    send_mail(server, "0190", to, "A subject", "Olá, Zoë.\nA second line.\n")


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_letter_arrives_as_it_was_written(tmp_path: Path, scheme: str):
    with factory.mail_server(tmp_path, scheme) as post:
        send(tmp_path, post)

    (letter,) = post.letters
    assert (letter["From"], letter["To"], letter["Subject"]) == (SENDER, "ben@example.com", "A subject")
    assert letter["Message-ID"] == "<0190@example.com>"
    assert letter.get_content().splitlines() == ["Olá, Zoë.", "A second line."]


def test_user_and_password_of_the_address_are_used(tmp_path: Path):
    with factory.mail_server(tmp_path, "smtp", asks_password=True) as post:
        login = f"{quote(USER, safe='')}:{quote(SECRET, safe='')}"
        send(tmp_path, post, smtp_url=post.url.replace("://", f"://{login}@"))

        with pytest.raises(MailFailed, match=r"refuses our user name or password \(535\)") as failed:
            send(tmp_path, post, smtp_url=post.url.replace("://", f"://{login}x@"))

    assert len(post.letters) == 1
    assert not failed.value.is_final


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
@pytest.mark.parametrize("wrong", ["another authority", "the usual authorities", "another name"])
def test_a_server_that_is_not_trusted_gets_nothing(tmp_path: Path, scheme: str, wrong: str):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    ca_files = {"another authority": {"smtp_ca_file": other}, "the usual authorities": {"smtp_ca_file": None}}
    host = "127.0.0.2" if wrong == "another name" else "127.0.0.1"
    with (
        factory.mail_server(tmp_path, scheme, host=host) as post,
        pytest.raises(MailFailed, match="secure connection"),
    ):
        send(tmp_path, post, **ca_files.get(wrong, {}))

    assert post.letters == []


def test_a_server_without_tls_gets_nothing(tmp_path: Path):
    with factory.mail_server(tmp_path, "plain") as post, pytest.raises(MailFailed, match="such as TLS"):
        send(tmp_path, post)

    assert post.letters == []


@pytest.mark.parametrize(("answer", "is_final"), [("550 no such user here", True), ("450 later please", False)])
def test_a_refused_address_is_final_only_when_the_server_says_so(tmp_path: Path, answer: str, is_final: bool):
    with factory.mail_server(tmp_path) as post:
        post.answers.append(answer)
        with pytest.raises(MailFailed) as failed:
            send(tmp_path, post)

    assert failed.value.is_final is is_final
    assert str(failed.value) == f"The mail server refuses this e-mail address ({answer[:3]})."


def test_nobody_there_is_a_failure_in_words(tmp_path: Path):
    with factory.mail_server(tmp_path) as post:
        pass

    with pytest.raises(MailFailed, match="did not answer"):
        send(tmp_path, post)


def test_a_server_that_hangs_up_is_a_failure_in_words(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        post = Post(listening.getsockname()[1], "smtp", tmp_path / "none.pem")
        hanging_up = Thread(target=lambda: listening.accept()[0].close())
        hanging_up.start()
        with pytest.raises(MailFailed, match="did not answer"):
            send(tmp_path, post, smtp_ca_file=None)
        hanging_up.join()


@pytest.mark.parametrize(
    "email", ["a,b@example.com", "ada@example.com,b@c.de", "<ada@example.com>", '"a"b@c.de', "a@b@c", "zoë@example.com"]
)
def test_what_names_more_than_one_mailbox_gets_no_mail(email: str):
    assert not may_receive_mail(email)


@pytest.mark.parametrize("email", ["ada@example.com", "o'neil+desk@mail.example.co.za"])
def test_what_names_one_mailbox_may_get_mail(email: str):
    assert may_receive_mail(email)


def test_without_an_address_of_a_server_there_is_none(tmp_path: Path):
    settings = make_settings(tmp_path)

    assert mail_server(settings) is None
    assert not settings.sends_mail
