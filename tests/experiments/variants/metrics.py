"""What a text recogniser reads right: a command for --metric (docs/variants.md).

    python metrics.py CHARACTERS TEXTS   then, given by dnnbench, OUTPUTS SAMPLES

CHARACTERS and TEXTS are .npy files: what the classes after the first stand for, and the text of each
sample. Prints 1 for each sample whose text is read letter by letter, else 0.
"""

import sys
from pathlib import Path

import numpy as np


def read(scores: np.ndarray, characters: np.ndarray) -> str:
    """The best class of each place, without repetitions and without the empty class 0."""
    best = scores.argmax(-1)
    kept = best[(best != 0) & (best != np.append(-1, best[:-1]))]
    return "".join(characters[kept - 1])


def main() -> None:
    characters, texts = np.load(sys.argv[1]), np.load(sys.argv[2])
    outputs, samples = Path(sys.argv[3]), np.load(sys.argv[4])
    (file,) = outputs.glob("*.npy")
    for scores, sample in zip(np.load(file), samples, strict=True):
        print(int(read(scores, characters).strip() == texts[sample]))


if __name__ == "__main__":
    main()
