"""The examples of docs/benchmark.md run as they stand, on files that were made, and their SAEs are scored."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmark_folders import folder_of

from geosae.benchmark import load_benchmark, read_plain_arrays, score

PAGE = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(("code", "k"), list(zip(CODE, (None, 2), strict=True)))
def test_the_example_runs_without_geosae_and_leaves_what_is_scored(
    code: str, k: int | None, tmp_path: Path
) -> None:
    assert "geosae" not in code
    shutil.copytree(folder_of("superposition-1"), tmp_path / "bench")
    (tmp_path / "sae").mkdir()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    card = score(read_plain_arrays(tmp_path / "sae", k), load_benchmark(tmp_path / "bench"))
    numbers = card.arms["sae"].numbers
    if k is None:
        assert 0.05 * 64 < numbers.l0 < 0.2 * 64
    else:
        # 300 steps of the loop learn more than none.
        assert numbers.f1_of_neurons > card.arms["untrained"].numbers.f1_of_neurons + 0.1
