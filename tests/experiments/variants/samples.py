"""Samples and labels for the models of table.py: what a model of each kind is fed with, made here.

Images are drawn: rendered text, or smooth shapes with noise. Files are real ones of this machine.
"""

import io
import string
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Arrays = dict[str, np.ndarray]


@dataclass
class Case:
    """A model and what it takes to compare its variants."""

    model: str  # a path, or one of the eight names
    trained: bool
    samples: Callable[[np.random.Generator, int], tuple[Arrays, list]]  # arrays, and labels or none
    count: int
    shapes: list[str] = field(default_factory=list)  # of --shape
    metric: str = ""  # "top1", or the name of a function in metrics.py


def picture(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Smooth colours, some shapes, some noise."""
    corners = random.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    image = Image.fromarray(corners).resize(size, Image.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(3, 12)):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        width, height = random.uniform(0.05, 0.5, 2) * size
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape([x, y, x + width, y + height], fill=tuple(random.integers(0, 256, 3).tolist()))
    noisy = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), np.float32)
    noisy = noisy + random.normal(0, 6, noisy.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def word(random: np.random.Generator, length: int) -> str:
    return "".join(random.choice(list(string.ascii_letters + string.digits), length))


def text_line(random: np.random.Generator, text: str, size: tuple[int, int]) -> Image.Image:
    """Dark text on a light ground that fills the image, a little noise."""
    ground, ink = random.integers(170, 256, 3), random.integers(0, 100, 3)
    font = ImageFont.load_default(40)
    left, top, right, bottom = font.getbbox(text)
    line = Image.new("RGB", (right - left + 24, bottom - top + 16), tuple(ground.tolist()))
    ImageDraw.Draw(line).text((12 - left, 8 - top), text, tuple(ink.tolist()), font)
    noisy = np.asarray(line.resize(size, Image.BICUBIC), np.float32)
    noisy = noisy + random.normal(0, 8, noisy.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def channels_first(image: Image.Image, mean: float | list, scale: float | list) -> np.ndarray:
    pixels = (np.asarray(image, np.float32) - np.float32(mean)) / np.float32(scale)
    return pixels.transpose(2, 0, 1)


IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])


def images(name: str, side: int, mean: float | list, scale: float | list) -> Callable:
    def make(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
        made = [channels_first(picture(random, (side, side)), mean, scale) for _ in range(count)]
        return {name: np.stack(made)}, []

    return make


def images_last(name: str, side: int, mean: float, scale: float) -> Callable:
    def make(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
        arrays, labels = images(name, side, mean, scale)(random, count)
        return {name: arrays[name].transpose(0, 2, 3, 1).copy()}, labels

    return make


def luminance(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    made = [np.asarray(picture(random, (224, 224)).convert("L"), np.float32) for _ in range(count)]
    return {"input": np.stack(made)[:, None] / np.float32(255)}, []


def questions(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    """Token ids of a question and a text, padded: as BERT gets them, of random words."""
    ids, mask, segments = (np.zeros((count, 256), np.int64) for _ in range(3))
    for i in range(count):
        question, text = random.integers(6, 16), random.integers(60, 230)
        length = 3 + question + text
        ids[i, :length] = random.integers(1000, 30000, length)
        ids[i, 0] = 101
        ids[i, [question + 1, length - 1]] = 102
        mask[i, :length] = 1
        segments[i, question + 2 : length] = 1
    return {
        "unique_ids_raw_output___9:0": np.arange(count, dtype=np.int64)[:, None],
        "segment_ids:0": segments,
        "input_mask:0": mask,
        "input_ids:0": ids,
    }, []


def text_lines(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    texts = [word(random, random.integers(6, 13)) for _ in range(count)]
    made = [channels_first(text_line(random, text, (320, 48)), 127.5, 127.5) for text in texts]
    return {"x": np.stack(made)}, texts


def turned_lines(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    """Half of them upside down: classes 0 and 1."""
    made, turned = [], []
    for _ in range(count):
        image = text_line(random, word(random, random.integers(5, 11)), (192, 48))
        turned.append(int(random.random() < 0.5))
        image = image.rotate(180) if turned[-1] else image
        made.append(channels_first(image, 127.5, 127.5))
    return {"x": np.stack(made)}, turned


def pages(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    made = []
    for _ in range(count):
        page = picture(random, (640, 640)).filter(ImageFilter.GaussianBlur(12))
        for _ in range(random.integers(3, 10)):
            line = text_line(random, word(random, random.integers(4, 14)), (260, 36))
            line = line.rotate(random.uniform(-4, 4), expand=True, fillcolor=(220, 220, 220))
            page.paste(line, (int(random.integers(0, 360)), int(random.integers(0, 590))))
        made.append(channels_first(page, *IMAGENET))
    return {"x": np.stack(made)}, []


def riddles(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
    """Letters of various places and turns, as in a captcha."""
    made = []
    for _ in range(count):
        image = picture(random, (160, 64)).filter(ImageFilter.GaussianBlur(8))
        for i, letter in enumerate(word(random, 4)):
            glyph = Image.new("L", (48, 56))
            ImageDraw.Draw(glyph).text((8, 2), letter, 255, ImageFont.load_default(38))
            glyph = glyph.rotate(random.uniform(-25, 25))
            ink = Image.new("RGB", glyph.size, tuple(random.integers(0, 110, 3).tolist()))
            image.paste(ink, (4 + 37 * i, int(random.integers(0, 10))), glyph)
        made.append(np.asarray(image.convert("L"), np.float32)[None] / np.float32(255))
    return {"input1": np.stack(made)}, []


# A file's kind by its name's end, and what the classifier calls it.
KINDS = {".py": "python", ".h": "c", ".md": "markdown", ".sh": "shell", ".json": "json"}


def file_bytes(content: bytes) -> np.ndarray:
    """The first and last 1024 bytes without white space around them; 256 where there is none."""
    begin, end = content.lstrip()[:1024], content.rstrip()[-1024:]
    return np.array([*begin, *[256] * (1024 - len(begin)), *[256] * (1024 - len(end)), *end])


def files(labels: list[str]) -> Callable:
    def make(random: np.random.Generator, count: int) -> tuple[Arrays, list]:
        folders = [
            Path(io.__file__).parent,
            Path("/usr/include"),
            Path(__file__).resolve().parents[3],
        ]
        found = sorted(
            path
            for folder in folders
            for end in KINDS
            for path in folder.rglob("*" + end)
            if path.is_file() and path.stat().st_size > 200 and "build" not in path.parts
        )
        chosen = [found[i] for i in random.permutation(len(found))[:count]]
        arrays = np.stack([file_bytes(path.read_bytes()) for path in chosen]).astype(np.int32)
        return {"bytes": arrays}, [labels.index(KINDS[path.suffix]) for path in chosen]

    return make


def replicas() -> list[Case]:
    count = 24
    return [
        Case("super-resolution-10", False, luminance, count),
        Case("mobilenetv2-10", False, images("input", 224, *IMAGENET), count),
        Case("shufflenet-v2-10", False, images("input", 224, *IMAGENET), count),
        Case("resnet50-v1-7", False, images("data", 224, *IMAGENET), count),
        Case("efficientnet-lite4-11", False, images_last("images:0", 224, 127, 128), count),
        Case("mosaic-9", False, images("input1", 224, 0, 1), count),
        Case("yolov4", False, images_last("input_1:0", 416, 0, 255), count),
        Case("bertsquad-10", False, questions, count),
    ]


def folder_of(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        sys.exit(f"the Python package {package} is missing: see the head of table.py")
    return Path(found.origin).parent


def trained() -> list[Case]:
    """Text direction, recogniser and detector of RapidOCR (Apache-2.0), the classifier of files of
    Magika (Apache-2.0), captcha reader and detector of ddddocr (MIT)."""
    import json

    ocr = folder_of("rapidocr_onnxruntime") / "models"
    magika = folder_of("magika")
    captcha = folder_of("ddddocr")
    config = json.loads((magika / "models/standard_v3_3/config.min.json").read_text())
    labels = config["target_labels_space"]
    direction = str(ocr / "ch_ppocr_mobile_v2.0_cls_infer.onnx")
    recogniser = str(ocr / "ch_PP-OCRv4_rec_infer.onnx")
    text_detector = str(ocr / "ch_PP-OCRv4_det_infer.onnx")
    classifier = str(magika / "models/standard_v3_3/model.onnx")
    return [
        Case(direction, True, turned_lines, 480, ["x=1,3,48,192"], "top1"),
        Case(recogniser, True, text_lines, 480, ["x=1,3,48,320"], "exact_text"),
        Case(text_detector, True, pages, 32, ["x=1,3,640,640"]),
        Case(classifier, True, files(labels), 480, ["bytes=1,2048"], "top1"),
        Case(str(captcha / "common.onnx"), True, riddles, 48, ["input1=1,1,64,160"]),
        Case(str(captcha / "common_det.onnx"), True, images("images", 416, 0, 1), 32),
    ]
