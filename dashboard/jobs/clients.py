"""Smile's client as this deployment uses it: one pooled connection, our timeouts, our memory of what was signed."""

from dataclasses import dataclass

from flask import Flask, current_app

from dashboard.config import Settings
from dashboard.jobs.sent_signatures import remember_sent
from dashboard.smile import IDApi, PartnerAccount, Services, SmileLinks, Transport, WebApi

PAGE_TIMEOUT = (1.0, 3.0)


@dataclass(frozen=True)
class SmileClients:
    web_api: WebApi
    tokens: WebApi  # for get_web_token while a customer waits
    id_api: IDApi
    services: Services
    account: PartnerAccount
    smile_links: SmileLinks
    link_counters: SmileLinks  # for reading counters while a page waits


def smile_clients() -> SmileClients:
    clients = current_app.extensions["smile_clients"]
    assert isinstance(clients, SmileClients)
    return clients


def attach_smile_clients(app: Flask, settings: Settings) -> None:
    transport = _transport(settings, settings.smile_connect_timeout, settings.smile_read_timeout)
    # A page that waits for these lists has an alternative, so it does not wait long.
    impatient = _transport(settings, *PAGE_TIMEOUT)
    partner_id, server = settings.smile_partner_id, settings.smile_server
    signing_key, older_keys = settings.api_keys[0], settings.api_keys[1:]
    app.extensions["smile_clients"] = SmileClients(
        WebApi(partner_id, None, signing_key, server, transport=transport, verify_keys=older_keys),
        WebApi(partner_id, None, signing_key, server, transport=impatient, verify_keys=older_keys),
        IDApi(partner_id, signing_key, server, transport=transport, verify_keys=older_keys),
        Services(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
        PartnerAccount(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
        SmileLinks(partner_id, signing_key, server, transport=transport, verify_keys=older_keys),
        SmileLinks(partner_id, signing_key, server, transport=impatient, verify_keys=older_keys),
    )


def _transport(settings: Settings, connect_seconds: float, read_seconds: float) -> Transport:
    return Transport(
        settings.smile_server,
        timeout=(connect_seconds, read_seconds),
        ca_file=str(settings.smile_ca_file) if settings.smile_ca_file else None,
        on_signed=remember_sent,
    )
