"""What a value of a JSON file is, and how it is shown."""

from __future__ import annotations

import json
import re

# What moves a terminal's cursor or ends a line, marks that turn the direction of text, halves of
# characters: in a picture's file they are an error, on a page a way to deceive.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def is_number(value: object) -> bool:
    """Finite and far from overflow. Python's reader also takes NaN, Infinity, 1e999 and 400 digits."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return known and -1e300 < value < 1e300


def is_positive(value: object) -> bool:
    return is_number(value) and 1e-12 < value < 1e12


def text_or(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


def counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."


def printable(value: object) -> object:
    """The value with a space for every character in its texts that can't be shown."""
    if isinstance(value, str):
        return UNPRINTABLE.sub(" ", value)
    if isinstance(value, dict):
        return {printable(key): printable(one) for key, one in value.items()}
    if isinstance(value, list) and not all(map(is_number, value)):
        return [printable(one) for one in value]
    return value


def chosen_of(mode: object, key: str) -> dict:
    """Of what a mode adds to a result, the entry of the list `key` that it chose; empty where none is
    known."""
    found, chosen = (mode.get(key), mode.get("chosen")) if isinstance(mode, dict) else (None, None)
    if not isinstance(found, list) or not isinstance(chosen, int) or not 0 <= chosen < len(found):
        return {}
    return found[chosen] if isinstance(found[chosen], dict) else {}
