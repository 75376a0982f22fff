"""Labels for people: "onnxruntime, 2 threads". Of what distinguishes results shown together,
only what is not the same for all of them.

src/results/label_words.cpp and src/run/labels.cpp are the same rule; tests/labels.json has cases for
both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

OF_THE_MODE = ("mode", "rate", "bound")  # parts that one deployment has several of
UNSAFE = re.compile(r"[^A-Za-z0-9._=+@-]")


def settings_in_words(shown: list[dict], leave_out: Collection[str] = ()) -> list[str]:
    """Of results as their files have them, what follows the engine in a label. Where two of an
    engine would be the same their settings are added, unless something is left out that differs."""
    every = [parts(raw) for raw in shown]
    versions = versions_of_each_engine(shown) if "version" not in leave_out else {}
    differing = [
        name
        for name in (every[0] if every else ())
        if name not in leave_out and len({own[name] for own in every}) > 1
    ]
    words = [
        joined(
            [
                variant(raw),
                text(raw, "engine_version") if len(versions.get(engine(raw), ())) > 1 else "",
                *(own[name] for name in differing),
            ]
        )
        for raw, own in zip(shown, every)
    ]
    hidden = set(leave_out) - {"version", *OF_THE_MODE}
    return words if hidden else distinct_words(shown, words, leave_out)


def engine(raw: dict) -> tuple:
    return (text(raw, "backend"), variant(raw), raw.get("quantize") is True)


def versions_of_each_engine(shown: list[dict]) -> dict[tuple, set[str]]:
    found = defaultdict(set)
    for raw in shown:
        found[engine(raw)].add(text(raw, "engine_version"))
    return found


def joined(parts: Collection[str]) -> str:
    return ", ".join(part for part in parts if part)


def parts(raw: dict) -> dict[str, str]:
    """Name to words, in a label's order; "" says nothing."""
    mode, settings = text(raw, "mode") or "latency", settings_of(raw)
    streams, threads, batch = (count(raw, key) for key in ("streams", "threads", "batch"))
    number, seed = count(raw, "number"), count(raw, "seed")
    traffic = between(text(raw, "backend_meta"), "-mode=") if mode != "latency" else ""
    return {
        # The variants of 2021 say it.
        "device": text(raw, "device") if "schema_version" in raw else "",
        "precision": text(raw, "precision").replace("default", "default precision"),
        "processes": counted(streams, "process", "processes"),
        "threads": counted(threads, "thread", "threads") if "-threads=" in settings else "",
        "batch": "" if batch is None else f"batch {batch}",
        "number": f"{number} inferences per measurement" if number not in (None, 1) else "",
        "shapes": shapes(raw) if "-shape=" in settings else "",
        "seed": f"seed {seed}" if seed is not None and "-seed=" in settings else "",
        "input": worded("input ", between(settings, "-input=", "-test-data=", "-mode=")),
        "test data": worded("test data ", between(settings, "-test-data=", "-mode=")),
        "mode": "" if mode == "latency" else f"{mode} mode",
        "rate": worded("", between(traffic, "-rate=", "-slo-p99="), "/s"),
        "bound": worded("p99 within ", between(traffic, "-slo-p99="), " s"),
    }


def variant(raw: dict) -> str:
    """The provider; of older files and those of 2021 the beginning of backend_meta. "" for cpu."""
    provider = raw.get("provider")
    if not isinstance(provider, str):
        provider = text(raw, "backend_meta").split("-")[0]
        provider = "" if provider == "cpu" else provider
    return UNSAFE.sub("_", provider)


def settings_of(raw: dict) -> str:
    """backend_meta without what is of the mode."""
    of_mode = raw.get(text(raw, "mode") or "latency")
    found = text(of_mode, "settings") if isinstance(of_mode, dict) else ""
    return found or text(raw, "backend_meta")


def distinct_words(shown: list[dict], words: list[str], leave_out: Collection[str]) -> list[str]:
    without_mode = "mode" in leave_out
    settings = [settings_of(raw) if without_mode else text(raw, "backend_meta") for raw in shown]
    keys = [(engine(raw), own) for raw, own in zip(shown, words)]
    found = defaultdict(set)
    for key, own in zip(keys, settings):
        found[key].add(own)
    return [
        f"{key[-1]} ({own})".lstrip() if len(found[key]) > 1 else key[-1]
        for key, own in zip(keys, settings)
    ]


def text(raw: dict, key: str) -> str:
    found = raw.get(key)
    return found if isinstance(found, str) else ""


def count(raw: dict, key: str) -> int | None:
    found = raw.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def counted(number: int | None, one: str, more: str) -> str:
    return "" if number is None else f"{number} {one if number == 1 else more}"


def worded(before: str, found: str, after: str = "") -> str:
    return before + found + after if found else ""


def between(found: str, begin: str, *ends: str) -> str:
    """What follows `begin`, up to the first of `ends`."""
    rest = found.partition(begin)[2]
    for end in ends:
        rest = rest.partition(end)[0]
    return rest


def shapes(raw: dict) -> str:
    inputs = raw.get("input_shapes")
    if not isinstance(inputs, dict):
        return ""
    return " and ".join(
        f"{name} {'x'.join(map(str, shape))}"
        for name, shape in sorted(inputs.items())
        if isinstance(shape, list)
    )
