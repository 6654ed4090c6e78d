"""Which addresses belong to the internet, and which to a machine itself, its network or its cloud. Pure."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

#: Of IPv6 only this part is given to hosts of the internet.
GLOBAL_UNICAST = IPv6Network("2000::/3")
#: Here and in 6to4 an IPv4 address is inside, and that is where a packet ends up.
NAT64 = IPv6Network("64:ff9b::/96")
SIXTO4 = IPv6Network("2002::/16")
#: What a cloud tells its machines, and only them. Older Pythons take these for addresses like any other.
INSIDE_CLOUDS = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))


def is_public(text: str) -> bool:
    """Of an address in digits. Anything else is not public."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_public(address)


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
