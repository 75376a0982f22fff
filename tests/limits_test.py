"""No source file has 400 lines, no function more than 60. Tests are free."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "engines", "vis", "setup", "models", "cmake")
BRACES = {".cpp", ".h", ".js", ".sh"}
NO_FUNCTION = re.compile(
    r" *(namespace|struct|class|enum|if|for|while|switch|else|do|try)\b|[^(]*$"
)


def sources() -> list[Path]:
    found = [ROOT / "dnnbench", ROOT / "bench_model.sh", ROOT / "run_tests.sh"]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*.*") if path.is_file()]
    kinds = BRACES | {"", ".py", ".css", ".j2", ".cmake"}
    return [
        path
        for path in found
        if path.suffix in kinds and not re.search(r"_test\.|_for_tests|conftest", path.name)
    ]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def functions_between_braces(lines: list[str]) -> Iterator[tuple[int, int]]:
    """(first line, last line), counted from 0: what lies between a closing brace that stands alone
    and the line above it that is indented no deeper, as the formatters write it."""
    for end, line in enumerate(lines):
        if line.strip() != "}":
            continue
        indent = len(line) - 1
        start = end - 1
        while start > 0 and (
            not lines[start] or lines[start][: indent + 1].strip(" ") in ("", "#")
        ):
            start -= 1
        if not NO_FUNCTION.match(lines[start]):
            yield start, end


def functions_of_python(lines: list[str]) -> Iterator[tuple[int, int]]:
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            yield node.lineno - 1, node.end_lineno - 1


def test_no_source_file_has_400_lines():
    lengths = {str(path.relative_to(ROOT)): len(lines_of(path)) for path in sources()}
    assert len(lengths) > 500
    assert {path: length for path, length in lengths.items() if length >= 400} == {}


def test_no_function_has_more_than_60_lines():
    seen, long = 0, []
    for path in sources():
        functions = functions_of_python if path.suffix == ".py" else functions_between_braces
        for start, end in functions(lines_of(path)):
            seen += 1
            if end - start >= 60:
                long.append(f"{path.relative_to(ROOT)}:{start + 1}: {end - start + 1} lines")
    assert seen > 3000
    assert long == []
