"""Who counts as one client: an address, or the network that one host of IPv6 has to itself."""

import ipaddress
from functools import lru_cache
from typing import Final

NETWORK_BITS: Final = 64
"""A host of IPv6 picks its addresses freely in a /64 (RFC 4291, 2.5.1): counted one by one they
would be more clients than any table holds."""

MAX_REMEMBERED: Final = 4096
"""Texts whose client is remembered."""


@lru_cache(MAX_REMEMBERED)
def client(peer: str) -> str:
    """The name that all limits of one client go by, from a peer's address.

    An IPv4 address stands for itself, also where a socket of both kinds shows it as IPv6; so
    does a link-local one, since a whole link shares that network. What is no address is itself.
    """
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.is_link_local or address.is_loopback:
        return str(address)
    return str(ipaddress.ip_network((int(address), NETWORK_BITS), strict=False))
