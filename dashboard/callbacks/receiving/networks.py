"""The networks that callbacks are accepted from, where an owner has named some. receiver.py answers the others."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sqlmodel import Session

from dashboard.cached_reading import CachedReading
from dashboard.config import Settings
from dashboard.context import current
from dashboard.errors import Conflict, Invalid
from dashboard.stored_settings import read_setting, write_setting

SETTING = "callback_networks"
MOST_NETWORKS = 100
MAPPED_IPV4 = IPv6Network("::ffff:0:0/96")

Network = IPv4Network | IPv6Network


def is_taken_from(address: str, settings: Settings, named: CachedReading[tuple[Network, ...]]) -> bool:
    """Whether callbacks from this address are accepted. Without a trusted proxy no address is reliable, so all are."""
    if not settings.trusted_proxies:
        return True
    networks = named.value()
    return not networks or is_within(address, networks)


def named_networks(*, fresh: bool = False) -> tuple[Network, ...]:
    """The networks of the running app; none means that all are accepted."""
    return current().callback_networks.value(fresh=fresh)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        sender = _plain_address(ip_address(address))
    except ValueError:
        return False
    return any(sender in network for network in networks)


def read_networks(session: Session) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in read_setting(session, SETTING) or ())


def write_networks(session: Session, settings: Settings, networks: Sequence[Network], now: datetime) -> None:
    if networks and not settings.trusted_proxies:
        raise Conflict("No proxy is trusted, so a sender's address cannot be relied on.")
    write_setting(session, SETTING, [network_as_text(network) for network in networks], now)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Reads one network a line. Raises Invalid, which names the first line that is wrong."""
    networks = tuple(dict.fromkeys(_parse(line) for line in text.split()))
    if len(networks) > MOST_NETWORKS:
        raise Invalid({"networks": f"At most {MOST_NETWORKS} networks."})
    return networks


def network_as_text(network: Network) -> str:
    """As people write it: a single address has no /32 or /128."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _parse(line: str) -> Network:
    try:
        network = _plain_network(ip_network(line, strict=False))
    except ValueError:
        problem = f"{line[:60]} is not an address or a network. Examples: 203.0.113.9 or 203.0.113.0/24."
        raise Invalid({"networks": problem}) from None
    if "/" in line and ip_address(line.partition("/")[0]) != ip_network(line, strict=False).network_address:
        problem = (
            f"{line} is an address within {network}. Enter the address without /{network.prefixlen}, or the network."
        )
        raise Invalid({"networks": problem})
    if network.prefixlen == 0:
        raise Invalid(
            {"networks": f"{line} covers every address. To accept callbacks from everywhere, empty the list."}
        )
    return network


def _plain_address(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address of an IPv4 sender, which a server that listens on IPv6 sees as ::ffff:203.0.113.9."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _plain_network(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED_IPV4):
        mapped = network.network_address.ipv4_mapped
        assert mapped is not None
        return IPv4Network((mapped, network.prefixlen - 96))
    return network
