"""Groups client addresses for limits."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """The network that a limit counts. An IPv6 client usually has a whole /64, which counts as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
