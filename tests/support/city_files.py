"""A small database of cities in MaxMind's format (specification 2.0): IPv4, 24-bit records, names in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

Tree = dict[int, Any]


def city_file(cities: Mapping[str, Mapping[str, str]]) -> bytes:
    """Networks, each with its city's names by language."""
    data, places = b"", {}
    for network, names in cities.items():
        places[network] = len(data)
        data += _value({"city": {"names": dict(names)}})
    root: Tree = {}
    for network, offset in places.items():
        _put(root, IPv4Network(network), offset)
    nodes: list[Tree] = []
    _number(root, nodes)
    names_of = {id(node): at for at, node in enumerate(nodes)}

    def record(found: Any) -> bytes:
        if found is None:
            return len(nodes).to_bytes(3, "big")
        value = names_of[id(found)] if isinstance(found, dict) else len(nodes) + 16 + found
        return int(value).to_bytes(3, "big")

    tree = b"".join(record(node.get(0)) + record(node.get(1)) for node in nodes)
    about = {
        "node_count": len(nodes), "record_size": 24, "ip_version": 4, "database_type": "Rempart-City-Test",
        "languages": ["fr"], "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1,
        "description": {"fr": "invented"},
    }  # fmt: skip
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _value(about)


def _put(root: Tree, network: IPv4Network, offset: int) -> None:
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    node = root
    for bit in bits[:-1]:
        node = node.setdefault(int(bit), {})
    node[int(bits[-1])] = offset


def _number(node: Tree, nodes: list[Tree]) -> None:
    nodes.append(node)
    for each in node.values():
        if isinstance(each, dict):
            _number(each, nodes)


def _value(found: Any) -> bytes:
    if isinstance(found, str):
        text = found.encode()
        assert len(text) < 29
        return bytes([2 << 5 | len(text)]) + text
    if isinstance(found, int):
        return bytes([6 << 5 | 4]) + found.to_bytes(4, "big")
    if isinstance(found, list):
        return bytes([len(found), 11 - 7]) + b"".join(map(_value, found))
    return bytes([7 << 5 | len(found)]) + b"".join(_value(key) + _value(each) for key, each in found.items())
