"""Tells public IP addresses from those of a machine, its private network or its cloud."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

#: The only part of IPv6 that is assigned to hosts of the internet.
GLOBAL_UNICAST = IPv6Network("2000::/3")
#: Addresses of NAT64 and 6to4 contain an IPv4 address, which is where a packet ends up.
NAT64 = IPv6Network("64:ff9b::/96")
SIXTO4 = IPv6Network("2002::/16")
#: Metadata addresses of clouds; older Python versions call them global.
INSIDE_CLOUDS = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))


def is_public(text: str) -> bool:
    """Whether `text` is an IP address of the public internet. Anything that is not an IP address is not."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_public(address)


def is_loopback(url: str) -> bool:
    """Whether the host of a web address is this machine, by its name or number."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        is_inside = any(address in network for network in INSIDE_CLOUDS)
        is_odd = address.is_multicast or address.is_reserved or is_inside
        return address.is_global and not is_odd
    inner = _inner(address)
    if inner is not None:
        return _is_public(inner)
    return address in GLOBAL_UNICAST and address.is_global and address.teredo is None


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour if address in SIXTO4 else None
