"""Smile's clients with this deployment's keys, pooled connections, timeouts and record of signatures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NoReturn, cast

from dashboard.config import Settings
from dashboard.context import current
from dashboard.jobs.smile_api.sent_signatures import remember_sent
from dashboard.jobs.smile_api.smile_clock import SmileClock
from dashboard.smile import IDApi, InvalidRequest, PartnerAccount, Services, SmileLinks, Transport, WebApi
from dashboard.smile.v3 import Client as V3Client
from dashboard.smile_keys import ApiKeys, smile_keys

PAGE_TIMEOUT = (1.0, 3.0)


@dataclass(frozen=True)
class SmileClients:
    web_api: WebApi
    tokens: WebApi  # for get_web_token, while a customer waits
    id_api: IDApi
    services: Services
    account: PartnerAccount
    smile_links: SmileLinks
    link_counters: SmileLinks  # for reading counters, while a page waits
    v3: V3Client
    v3_pages: V3Client  # for what a page waits for
    clock: SmileClock


class RefusedV3:
    """Stands for the client of v3 where it refuses the partner id, which v1 takes as it is: any use says why."""

    def __init__(self, refusal: InvalidRequest) -> None:
        self._refusal = refusal

    def __getattr__(self, name: str) -> NoReturn:
        raise InvalidRequest(self._refusal.fields)


class ClientFactory:
    """Makes the clients, again when the keys change; the connections stay."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.clock = SmileClock(settings.clock_retry_wait)
        note = self.clock.note
        self._transport = open_transport(settings, settings.smile_connect_timeout, settings.smile_read_timeout, note)
        # For pages, which can do without an answer and must not wait long.
        self._impatient = open_transport(settings, *PAGE_TIMEOUT, note)
        self._lock = Lock()
        self._made: tuple[ApiKeys, SmileClients] | None = None

    def clients(self, keys: ApiKeys) -> SmileClients:
        with self._lock:
            if self._made is None or self._made[0] != keys:
                self._made = keys, self._make(keys)
            return self._made[1]

    def _make(self, keys: ApiKeys) -> SmileClients:
        partner_id, server, signing_key = (
            self._settings.smile_partner_id,
            self._settings.smile_server,
            keys.signing.value,
        )
        older_keys = [key.value for key in keys.active if key != keys.signing]
        patient, impatient = self._transport, self._impatient
        return SmileClients(
            WebApi(partner_id, None, signing_key, server, transport=patient, verify_keys=older_keys),
            WebApi(partner_id, None, signing_key, server, transport=impatient, verify_keys=older_keys),
            IDApi(partner_id, signing_key, server, transport=patient, verify_keys=older_keys),
            Services(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
            PartnerAccount(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
            SmileLinks(partner_id, signing_key, server, transport=patient, verify_keys=older_keys),
            SmileLinks(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
            _v3_client(partner_id, signing_key, server, patient, older_keys),
            _v3_client(partner_id, signing_key, server, impatient, older_keys),
            self.clock,
        )


def _v3_client(
    partner_id: str, api_key: str, server: str, transport: Transport, verify_keys: Sequence[str]
) -> V3Client:
    try:
        return V3Client(partner_id, api_key, server, transport=transport, verify_keys=verify_keys)
    except InvalidRequest as refusal:
        return cast(V3Client, RefusedV3(refusal))


def smile_clients() -> SmileClients:
    """The clients with the current keys. Call it outside transactions: it may have to read the keys again."""
    return current().smile_clients.clients(smile_keys())


def open_transport(
    settings: Settings,
    connect_seconds: float,
    read_seconds: float,
    on_answer: Callable[[Mapping[str, str]], None] | None = None,
) -> Transport:
    return Transport(
        settings.smile_server,
        timeout=(connect_seconds, read_seconds),
        ca_file=str(settings.smile_ca_file) if settings.smile_ca_file else None,
        on_signed=remember_sent,
        on_answer=on_answer,
    )
