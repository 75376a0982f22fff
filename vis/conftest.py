import json

import pytest

from comparisons import compare
from golden import GOLDEN
from read_results import read_results

SAMPLE = GOLDEN / "results" / "c5a.4xlarge" / "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"


@pytest.fixture
def comparison_of(tmp_path):
    """The comparison of results that are a sample's but for these keys."""

    def make(*results: dict):
        sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
        for i, keys in enumerate(results):
            (tmp_path / f"{i}.json").write_text(json.dumps(sample | keys), encoding="utf-8")
        read, complaints = read_results(tmp_path)
        assert complaints == []
        [found] = compare(read)
        return found

    return make
