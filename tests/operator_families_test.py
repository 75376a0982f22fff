"""The importers for PyTorch and TensorFlow keep an operator in files of the same name."""

import re
from pathlib import Path

ENGINES = Path(__file__).resolve().parent.parent / "engines"
ENTRY = re.compile(r'(?:\{|table\[)"((?:[a-z][\w.]*\.)?[A-Z]\w+)"[,\]]')


def families(importer: str) -> dict[str, str]:
    """{operator: file} of the entries of the tables, which end each file."""
    found = {}
    for file in (ENGINES / importer / "operators").glob("*.cpp"):
        for operator in ENTRY.findall(file.read_text(encoding="utf-8")):
            found[operator] = file.stem
    return found


def test_an_operator_has_the_same_file_in_both_importers():
    pytorch, tensorflow = families("pytorch"), families("tensorflow")
    both = pytorch.keys() & tensorflow.keys()
    assert len(both) > 100
    assert {op: (pytorch[op], tensorflow[op]) for op in both if pytorch[op] != tensorflow[op]} == {}
