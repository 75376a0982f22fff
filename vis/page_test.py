import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

import charts
from chromium_for_tests import PROGRAM, Chromium
from draw import draw_folder

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
SAMPLE = GOLDEN / "results/c5a.4xlarge/resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
DRAWN = "document.body && document.body.dataset.drawn === '{}'"

needs_chromium = pytest.mark.skipif(not PROGRAM, reason="needs Chromium (Debian: chromium)")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The samples, and a model of extremes: wide ratios, one experiment, markup in texts."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(GOLDEN / "results", folder / "results")
    for i, (data, meta) in enumerate(
        [
            ([8e-6] * 3, "cpu"),
            ([0.9], "llvm-" + "x" * 50),
            ([8.1e-6, 4e-6, 8e-5], "cuda"),
            ([1e-5], "a"),
        ]
    ):
        sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
        sample |= {"model_path": "/m/extreme.onnx", "data": data, "backend_meta": meta}
        (folder / "results" / f"extreme-{i}.json").write_text(json.dumps(sample))
    evil = sample | {"outcome": "failed", "data": [], "backend": "fake", "backend_meta": "markup"}
    evil["reason"] = "</script><script>document.title='evil'</script><b>&amp;"
    (folder / "results" / "evil.json").write_text(json.dumps(evil))
    (folder / "results" / "c5a.4xlarge" / json.loads(SAMPLE.read_text())["log_path"]).write_text("")
    draw_folder(folder / "results", folder / "plots", lambda sentence: None)
    return folder / "plots" / "index.html"


@pytest.fixture(scope="module")
def chromium():
    with Chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium, page):
    def open_it(**options: object) -> Chromium:
        chromium.open(page.as_uri(), **options)
        chromium.wait_for(DRAWN.format(options.get("color_scheme", "light")))
        return chromium

    return open_it


@needs_chromium
def test_works_offline_and_without_complaint(open_page, page):
    browser = open_page()
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


@needs_chromium
def test_all_bars_are_there(open_page):
    count = (
        'document.querySelectorAll(\'[data-chart="{}"] [aria-roledescription="rect mark"]\').length'
    )
    browser = open_page()
    assert browser.evaluate(count.format("resnet50-v1-7.onnx-c5a.4xlarge")) == 4
    assert browser.evaluate(count.format("mobilenetv2-1.0.onnx-c5a.4xlarge")) == 2
    assert browser.evaluate(count.format("extreme.onnx-c5a.4xlarge")) == 4


@needs_chromium
def test_light_and_dark_follow_the_reader_s_choice(open_page):
    fills = "[...document.querySelectorAll('[aria-roledescription=\"rect mark\"]')].map(e => e.getAttribute('fill'))"
    ground = "getComputedStyle(document.body).backgroundColor"
    browser = open_page()
    assert browser.evaluate(ground) == "rgb(255, 255, 255)"
    assert charts.LIGHT.bar in browser.evaluate(fills)
    browser.set_color_scheme("dark")
    browser.wait_for(DRAWN.format("dark"))
    assert browser.evaluate(ground) == "rgb(20, 23, 28)"
    drawn = browser.evaluate(fills)
    assert charts.DARK.bar in drawn and charts.LIGHT.bar not in drawn
    assert browser.complaints() == []


OUTSIDE = """[...document.querySelectorAll('.chart svg')].flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const t = text.getBoundingClientRect();
    return t.left < box.left - 1 || t.right > box.right + 1
        || t.top < box.top - 1 || t.bottom > box.bottom + 1;
  }).map(text => text.textContent);
})"""

OVERLAPPING = """[...document.querySelectorAll('.chart svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
  const boxes = texts.map(t => t.getBoundingClientRect());
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [boxes[i], boxes[j]];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 4) found.push(texts[i].textContent + ' / ' + texts[j].textContent);
  }
  return found;
})"""


@needs_chromium
def test_no_text_is_cut_off_or_lies_on_another(open_page):
    browser = open_page()
    assert browser.evaluate("document.querySelectorAll('.chart svg text').length") > 80
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate(OVERLAPPING) == []


@needs_chromium
def test_a_narrow_screen_scrolls_tables_and_not_the_page(open_page):
    browser = open_page(width=420)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 420


@needs_chromium
def test_the_keyboard_reaches_everything_in_order(open_page):
    browser = open_page()
    focused = "document.activeElement.textContent.trim() || document.activeElement.className"
    browser.press("Tab")
    assert browser.evaluate(focused) == "Skip to the overview"
    browser.press("Enter")
    browser.press("Tab")
    assert browser.evaluate(focused) == (
        "a-detector-with-a-rather-long-name-2026-opset-21-simplified.onnx"
    )
    browser.press("Enter")
    browser.wait_for("location.hash.startsWith('#a-detector')")
    browser.press("Tab")
    reached = []
    while (now := browser.evaluate(focused)) and now != "DNN Bench results" and len(reached) < 9:
        reached.append(now)
        browser.press("Tab")
    assert reached[:2] == ["PNG", "SVG"]
    assert reached.count("JSON") == 3


@needs_chromium
def test_texts_from_results_are_texts(open_page):
    browser = open_page()
    assert browser.evaluate("document.title") == "DNN Bench results"
    shown = browser.evaluate("document.body.innerText")
    assert "</script><script>document.title='evil'</script><b>&amp;" in shown


def test_links_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)"', text)
    assert len([link for link in links if link.endswith(".json")]) == 22
    assert len([link for link in links if link.endswith(".log")]) == 1
    for link in links:
        assert (page.parent / unquote(link)).is_file(), link


def test_names_no_other_host(page):
    """Of addresses only those that are names: XML's, Vega's schemas, and one in a message."""
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "default-src 'none'" in text


def test_tells_each_reason_in_full_and_no_percentile_from_few(page):
    text = page.read_text(encoding="utf-8")
    assert "for inputs whose sequence length is not fixed." in text
    row = text[text.index("<strong>TVM</strong>") :].split("</tr>")[0]
    assert "44.8 ms" in row and row.count('<td class="number">\u2013</td>') == 4
