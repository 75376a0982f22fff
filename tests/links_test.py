"""Every relative link of every document leads somewhere, every table is whole, prose wraps, and every
decision is in the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path for path in ROOT.rglob("*.md") if not {"build", ".git"} & set(path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """Without code."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"^ {4}.*$", "", text, flags=re.M)


def anchors(path: Path) -> set[str]:
    """Those that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", prose(path), flags=re.M)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in words}


def is_broken(document: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return False
    file, _, anchor = link.partition("#")
    target = document.parent / file if file else document
    return not target.exists() or bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    links = LINK.findall(re.sub(r"`[^`]*`", "", prose(document)))
    assert [link for link in links if is_broken(document, link)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_wraps_at_100_columns(document):
    """The target of a link does not count."""
    shown = re.sub(r"\]\([^)]*\)", "]", prose(document))
    lines = [line for line in shown.splitlines() if not line.startswith(("|", "#"))]
    assert [line for line in lines if len(line) > 100] == []


def columns(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_are_whole(document):
    """Rows that an empty line cuts off from their head are shown as text with bars in it."""
    for table in re.findall(r"(?:^\|.*\n?)+", prose(document), flags=re.M):
        head, *rows = table.splitlines()
        assert rows and re.fullmatch(r"[-:| ]+", rows[0]), head
        assert [row for row in rows if columns(row) != columns(head)] == []


def test_every_decision_is_in_the_index():
    index = ROOT / "docs" / "decisions" / "README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(prose(index))}
    pages = {path for path in DOCUMENTS if path.parent.name == "decisions"} - {index}
    assert pages - linked == set()
