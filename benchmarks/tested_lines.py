"""Which share of the lines the tests run, package by package.

    python benchmarks/tested_lines.py [--keep]

Runs `make test` (with --keep: reads the .coverage that it left) and writes docs/measured/coverage.md.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "measured" / "coverage.md"

TEXT = """# Coverage, measured

    python benchmarks/tested_lines.py

One run of `make test`, {day}, Python {python}, coverage {coverage}. Of {lines:,} lines that
can be run, the tests run {covered:,}: **{share:.1f} %**. Every `make test` measures this again and
refuses less than {least:g} %.

Slow tests are left out, and Hypothesis draws 10 examples a property. Not counted either way are
functions compiled by numba, which no tracer sees (they are tested against plain Python), and what
only type checkers read. What runs in processes that a test starts is not seen and counts as not
run.

| package | lines | run | share |
|---|---|---|---|
{rows}
"""


def main() -> None:
    """Measure, unless there is a measurement to keep, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keep", action="store_true", help="read .coverage instead of running the tests")
    if not parser.parse_args().keep:
        subprocess.run(["make", "test"], cwd=ROOT, check=True)
    PAGE.write_text(page(measured()), encoding="utf-8")
    print(PAGE)


def measured() -> dict[str, Any]:
    """Return the report of coverage as it writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "--fail-under=0", "-q", "-o", str(path)]
        subprocess.run(command, cwd=ROOT, check=True)
        return json.loads(path.read_text(encoding="utf-8"))


def page(report: dict[str, Any]) -> str:
    """Return the page: the total, and a row per package."""
    lines: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for file, entry in report["files"].items():
        package = package_of(file)
        lines[package] += entry["summary"]["num_statements"]
        covered[package] += entry["summary"]["covered_lines"]
    shares = {package: 100 * covered[package] / lines[package] for package in sorted(lines) if lines[package]}
    rows = [f"| `{p}` | {lines[p]:,} | {covered[p]:,} | {share:.1f} % |" for p, share in shares.items()]
    totals = report["totals"]
    return TEXT.format(
        day=f"{date.today():%-d %B %Y}",
        python=platform.python_version(),
        coverage=report["meta"]["version"],
        lines=totals["num_statements"],
        covered=totals["covered_lines"],
        share=100 * totals["covered_lines"] / totals["num_statements"],
        least=fail_under(),
        rows="\n".join(rows),
    )


def package_of(file: str) -> str:
    """Return the package that a file is counted under.

    Examples
    --------
    >>> package_of("geosae/fca/build.py"), package_of("synthetic/geosae_synthetic/balls.py")
    ('geosae.fca', 'geosae_synthetic')
    """
    parts = Path(file).parts
    if parts[0] == "synthetic":
        parts = parts[1:]
    return ".".join(parts[: 2 if parts[0] == "geosae" and len(parts) > 2 else 1])


def fail_under() -> float:
    """Return the share below which `make check` fails."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["coverage"]["report"]["fail_under"]


if __name__ == "__main__":
    main()
