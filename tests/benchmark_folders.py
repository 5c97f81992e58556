"""Settings made once for all tests of a process."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from geosae.benchmark import load_benchmark, make_files, setting
from geosae.benchmark.files import Benchmark
from geosae.cli.sources import make_world


@cache
def folder_of(name: str, size: Any = "s") -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bench-")) / name
    make_files(setting(name), size, folder, make_world)
    return folder


@cache
def benchmark_of(name: str, size: Any = "s") -> Benchmark:
    return load_benchmark(folder_of(name, size))
