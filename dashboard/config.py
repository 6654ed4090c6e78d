"""The settings of a deployment: read from the environment once, and refused with a clear error if wrong."""

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from dashboard.smile.constants import PRODUCTION_URL

PACKAGE_DIR = Path(__file__).parent
PREFIX = "DASHBOARD_"
#: Variables that other code reads, such as the demo and the tests.
READ_ELSEWHERE = ("DASHBOARD_DEMO_PASSWORD", "DASHBOARD_TEST_POSTGRES_URL", "DASHBOARD_TEST_REDIS_URL")
#: How similar an unknown name must be to a known one to count as a typo.
SLIP = 0.8
ENGINES = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")
QUEUES = (*ENGINES, "redis", "rediss")
#: For tests: a queue that records what was woken and runs nothing.
RECORDING = "recording"


def resource_dir(name: str) -> Path:
    """The folder of templates or static files: inside the package when installed, next to it in a checkout."""
    inside = PACKAGE_DIR / name
    return inside if inside.is_dir() else PACKAGE_DIR.parent / name


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _check_secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise ValueError("must have 32 characters or more; `openssl rand -hex 32` makes one")
    return value


def _check_encryption_key(value: SecretStr) -> SecretStr:
    try:
        length = len(base64.b64decode(value.get_secret_value(), validate=True))
    except binascii.Error:
        length = 0
    if length != 32:
        raise ValueError("must be 32 bytes in base64; `openssl rand -base64 32` makes one")
    return value


def _check_smile_server(value: str) -> str:
    parts = urlsplit(value)
    if value not in ("0", "1") and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("must be 0 (sandbox), 1 (production) or a base URL that ends in /v1")
    return value.rstrip("/")


def _check_public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be a scheme and a host, such as https://desk.example.com")
    return value.rstrip("/")


def _check_smtp_url(value: SecretStr | None) -> SecretStr | None:
    """Requires TLS, since e-mails contain links that open accounts."""
    if value is None:
        return None
    try:
        parts = urlsplit(value.get_secret_value())
        is_whole = parts.scheme in ("smtps", "smtp") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.path.strip("/") or parts.query:
        raise ValueError("must be smtps://user:password@host:465 for TLS, or smtp://host:587 for STARTTLS")
    return value


def _check_mail_from(value: str, info: ValidationInfo) -> str:
    name, _, domain = value.rpartition("@")
    is_address = bool(name) and bool(domain) and not any(sign.isspace() or sign in '<>,;"' for sign in value)
    if (value or info.data.get("smtp_url")) and not is_address:
        raise ValueError("must be the e-mail address that DASHBOARD_SMTP_URL sends from, such as desk@example.com")
    return value


def _check_database_url(value: str) -> str:
    if value and not _names_one_of(value, ENGINES):
        raise ValueError("must begin with sqlite:/// or postgresql://; no other database is supported")
    return value


def _check_queue_url(value: str) -> str:
    if value and value != RECORDING and not _names_one_of(value, QUEUES):
        raise ValueError("must begin with sqlite:///, postgresql:// or redis://; no other queue is supported")
    return value


def _names_one_of(url: str, schemes: Iterable[str]) -> bool:
    scheme, separator, _ = url.partition("://")
    return bool(separator) and scheme in schemes


SecretKey = Annotated[SecretStr, AfterValidator(_check_secret_key)]
EncryptionKey = Annotated[SecretStr, AfterValidator(_check_encryption_key)]
SmileServer = Annotated[str, AfterValidator(_check_smile_server)]
PublicUrl = Annotated[str, AfterValidator(_check_public_url)]
SmtpUrl = Annotated[SecretStr | None, AfterValidator(_check_smtp_url)]
MailFrom = Annotated[str, AfterValidator(_check_mail_from)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
QueueUrl = Annotated[str, AfterValidator(_check_queue_url)]
Seconds = Annotated[tuple[float, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """The settings of one deployment. Nothing dangerous has a default; `dashboard demo` makes its own values."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    secret_key: SecretKey
    encryption_keys: Annotated[tuple[EncryptionKey, ...], NoDecode, BeforeValidator(_split)] = Field(min_length=1)
    public_url: PublicUrl
    smile_server: SmileServer
    smile_partner_id: str = Field(min_length=1)
    smile_api: Literal["v1", "v3"] = "v1"  # what a product uses for which Settings say nothing
    smile_api_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(min_length=1)
    smile_web_script_url: str = "https://cdn.smileidentity.com/inline/v1/js/script.min.js"
    smile_v12_script_url: str = "https://cdn.usesmileid.com/inline/v12/js/script.min.js"
    smile_ca_file: Path | None = None
    instance_dir: Path = Path("instance")
    database_url: DatabaseUrl = Field(default="", repr=False)  # It may hold a password.
    queue_url: QueueUrl = Field(default="", repr=False)
    trusted_proxies: int = Field(default=0, ge=0)
    log_format: Literal["text", "json"] = "text"
    second_factor_for: Literal["owners", "everybody"] = "owners"  # who must have one
    is_demo: bool = False
    # E-mail to members: invitations and new passwords. Without it, owners copy the links.
    smtp_url: SmtpUrl = None
    smtp_ca_file: Path | None = None
    mail_from: MailFrom = Field(default="", validate_default=True)
    allow_loopback: bool = False  # for trials on one machine: people may enter its own addresses
    extra_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()  # names besides the public one
    metrics_token: SecretStr | None = Field(default=None, min_length=16)

    # How long web and worker wait for PostgreSQL before they report an error, in seconds; 0 means no limit.
    database_connect_timeout: float = Field(default=5.0, gt=0)
    database_lock_timeout: float = Field(default=10.0, ge=0)
    database_statement_timeout: float = Field(default=60.0, ge=0)

    # Waits, in seconds. Only tests have a reason to change most of them.
    smile_connect_timeout: float = 5.0
    smile_read_timeout: float = 30.0
    lease: float = Field(default=90.0, gt=0)
    sweep_every: float = Field(default=1.0, gt=0)
    retry_waits: Seconds = (2, 5, 10, 30, 60, 120, 300, 900)
    check_waits: Seconds = Field(default=(2, 5, 10, 20, 40, 120, 300, 900), min_length=1)
    check_every_after: float = 3600.0
    check_for: float = 7 * 24 * 3600.0
    callback_expected_within: float = 120.0
    zip_lost_after: float = 120.0
    await_waits: Seconds = Field(default=(60, 120, 300, 600, 1800), min_length=1)  # while a customer has the job
    clock_retry_wait: float = Field(default=30.0, gt=0)  # while this machine's clock is off
    await_customer_for: float = 24 * 3600.0
    services_cached_for: float = 900.0
    mail_waits: Seconds = (10, 30, 120, 600, 1800)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls), Misspelt(settings_cls)

    def model_post_init(self, _: Any) -> None:
        if not self.database_url:
            path = (self.instance_dir / "dashboard.db").absolute()
            object.__setattr__(self, "database_url", f"sqlite:///{path}")
        if not self.queue_url:
            own_file = f"sqlite:///{(self.instance_dir / 'queue.db').absolute()}"
            object.__setattr__(
                self, "queue_url", own_file if self.database_url.startswith("sqlite") else self.database_url
            )

    @property
    def environment(self) -> Literal["sandbox", "production"]:
        """Where jobs go. Only Smile's production host costs money; any other server counts as a sandbox."""
        is_live = self.smile_server == "1" or urlsplit(self.smile_server).hostname == urlsplit(PRODUCTION_URL).hostname
        return "production" if is_live else "sandbox"

    @property
    def media_root(self) -> Path:
        """The folder of all images, of both environments."""
        return self.instance_dir / "media"

    @property
    def media_dir(self) -> Path:
        return self.media_root / self.environment

    @property
    def queue_is_in_database(self) -> bool:
        """Whether the queue is in the database, so that they fail together."""
        return self.queue_url == self.database_url

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def sends_mail(self) -> bool:
        return self.smtp_url is not None

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the public address is a loopback address, as in a trial that nobody else can reach."""
        return urlsplit(self.public_url).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def may_name_loopback(self) -> bool:
        return self.is_demo or self.allow_loopback

    @cached_property
    def api_keys(self) -> tuple[str, ...]:
        """The partner's keys in plain text: the first signs, all verify."""
        return tuple(key.get_secret_value() for key in self.smile_api_keys)


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `DASHBOARD_<NAME>_FILE`, the path of a file with the value, as container platforms provide secrets."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        try:
            return (Path(path).read_text(encoding="utf-8").strip() if path else None), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{variable} names a file that cannot be read ({type(error).__name__})") from None

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class Misspelt(PydanticBaseSettingsSource):
    """Refuses variables that look like a typo of a setting. Supplies no values."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        known = {name.removeprefix(PREFIX): name for name in _known_variables()}
        for name in unknown_variables(os.environ):
            if meant := get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=SLIP):
                raise SettingsError(f"{name} is not a setting; did you mean {known[meant[0]]}?")
        return {}


def unknown_variables(names: Iterable[str]) -> list[str]:
    """The DASHBOARD_ variables that are not settings.

    Some are harmless: Kubernetes adds DASHBOARD_PORT and the like for a service named dashboard.
    """
    known = {*_known_variables()}
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known)


def _known_variables() -> Iterator[str]:
    yield from READ_ELSEWHERE
    for name in Settings.model_fields:
        yield f"{PREFIX}{name.upper()}"
        yield f"{PREFIX}{name.upper()}_FILE"
