import json
import re
from pathlib import Path

import pytest
import vl_convert

import charts
import golden
from comparisons import compare
from read_results import read_result, read_results
from themes import DARK, LIGHT

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"


def test_golden():
    """After a wanted change: python vis/golden.py, and read the difference."""
    stored = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob("plots/*.json")}
    assert golden.specs() == stored


def test_readme_s_picture_is_ours():
    """Its words; where exactly they lie depends on the fonts of the machine."""
    stored = golden.PICTURE.read_text(encoding="utf-8")
    words = [re.findall(r">([^<>]+)<", svg) for svg in (stored, golden.picture())]
    assert words[0] == words[1] and "$0.102/h" in words[0]


@pytest.fixture(scope="module")
def comparison():
    results, _ = read_results(GOLDEN / "results")
    [found] = [c for c in compare(results) if c.model == "resnet50-v1-7.onnx"]
    return found


def marks(svg: str, kind: str) -> list[str]:
    return re.findall(f'aria-roledescription="{kind}"', svg)


def test_a_bar_for_each_number_and_for_nothing_else(comparison):
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    assert len(marks(svg, "rect mark")) == 4
    assert svg.count("stroke-dasharray") == 1


def test_words_where_there_is_no_number(comparison):
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    for words in ("Crashed", "Unsupported", "Wrong output", "This engine is not built yet."):
        assert f">{words}<" in svg
    assert svg.count(">Unsupported<") == 2


def test_each_bar_says_its_value_and_the_axis_its_unit(comparison):
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    for text in ("57.7", "30.1", "26.9", "22.3", "17.3 ms", "44.8 ms, not verified"):
        assert f">{text}<" in svg
    assert charts.UNITS["latency"] in svg and charts.HOW_TO_READ in svg


def test_the_axis_begins_at_zero(comparison):
    spec = charts.chart(comparison, LIGHT).to_dict()
    domains = re.findall(r'"domain": \[([-0-9.e]+), ([-0-9.e]+)\]', json.dumps(spec))
    assert domains and {float(low) for low, _ in domains} == {0.0}


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (51.7, 0.2, "51.7 \u00b1 0.2"),
        (51.7, 0.25, "51.70 \u00b1 0.25"),
        (3.0, 3.1, "3.0 \u00b1 3.1"),
        (1234.0, 40.0, "1,234 \u00b1 40"),
        (0.5, 0.012, "0.500 \u00b1 0.012"),
    ],
)
def test_a_figure_has_the_digits_of_its_error(value, error, words):
    assert charts.with_error(value, error) == words


def test_batches_are_compared_in_items_per_second():
    [path] = golden.GOLDEN.glob("results/c5a.4xlarge/resnet50-*-openvino-cpu.json")
    one, four = read_result(path), read_result(path)
    one.raw, four.raw = one.raw | {"batch": 1}, four.raw | {"batch": 4}
    [comparison] = compare([one, four])
    spec = charts.chart(comparison, LIGHT).to_dict()
    rows = spec["data"]["values"]
    assert rows[0]["throughput"] == pytest.approx(4 * rows[1]["throughput"])
    assert charts.ITEMS in json.dumps(spec)


def test_a_published_figure_says_how_exactly_it_was_read():
    [path] = golden.STUDY.glob("g4dn.xlarge/mobilenetv2-1.0-*-tf-*.json")
    [comparison] = compare([read_result(path)])
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    assert ">3.0 \u00b1 3.1<" in svg and charts.PUBLISHED_NOTE in svg


def test_another_mode_says_so_and_has_no_whisker(tmp_path):
    path = GOLDEN / "results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
    sample = json.loads(path.read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(
        json.dumps(sample | {"mode": "load", "throughput_per_s": 12.5})
    )
    [comparison] = compare([read_result(tmp_path / "a.json")])
    assert comparison.file_stem == f"resnet50-v1-7-{sample['instance']}-load"
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    assert "request rate that was asked for" in svg and ">12.5<" in svg and ">33.2 ms<" in svg
    assert "one at a time" not in svg


def test_throughput_mode_names_the_setting_with_the_highest_throughput(tmp_path):
    path = GOLDEN / "results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
    sample = json.loads(path.read_text(encoding="utf-8"))
    tried = {"streams": 2, "threads": 1, "least_per_s": 270, "greatest_per_s": 290}
    sample |= {"mode": "throughput", "throughput_per_s": 281, "streams": 2, "batch": 4}
    sample["throughput"] = {"settings": "cpu-streams=2-batch=4", "chosen": 0, "tried": [tried]}
    (tmp_path / "a.json").write_text(json.dumps(sample))
    [comparison] = compare([read_result(tmp_path / "a.json")])
    [row] = comparison.rows
    words = "2 processes \u00d7 1 thread, batch 4"
    assert row.detail.replace("\u00a0", " ").endswith(words)
    assert row.result.throughput_range == (270, 290)
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    assert f"{words}<" in svg.replace("\u00a0", " ") and ">281<" in svg and ">33.2 ms<" in svg
    assert "threads" not in comparison.conditions
    assert charts.ITEMS in svg and "281 items per second" in svg


def luminance(color: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast_as_wcag_asks(theme):
    assert contrast(theme.ink, theme.background) >= 7
    assert contrast(theme.muted, theme.background) >= 4.5
    assert contrast(theme.line, theme.background) >= 4.5
    assert contrast(theme.ink, theme.bar) >= 3  # the whisker on its bar


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_first_colours_of_a_series_differ_in_grey(theme):
    grey = sorted(luminance(color) + 0.05 for color in theme.series[:4])
    assert min(b / a for a, b in zip(grey, grey[1:])) > 1.2


def test_one_failed_engine_alone_can_be_drawn():
    path = GOLDEN / "results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-tf-libtensorflow.json"
    [comparison] = compare([read_result(path)])
    svg = vl_convert.vegalite_to_svg(charts.chart(comparison, LIGHT).to_dict())
    assert ">Unsupported<" in svg and not marks(svg, "rect mark")
