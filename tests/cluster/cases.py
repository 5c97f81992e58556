"""What runs on a cluster in the tests: a small plan, and a check that kills its worker once or always."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

PLAN = (Path(__file__).parents[1] / "small_plan.toml").read_text(encoding="utf-8")
KILLS = "GEOSAE_TEST_KILLS"
"""Names the folder in which files called once and always stand for what is to happen."""


def make_world(name: str, params: Any, rng: Any) -> Any:
    import geosae_synthetic

    return geosae_synthetic.make(name, rng=rng, **params)


def claims() -> dict[str, Any]:
    """Return S5 on instances that kill the process which asks for them."""
    import proofs_checks

    claim = proofs_checks.claims()["S5"]

    def instances(count: int, rng: Any) -> Iterator[Any]:
        folder = Path(os.environ[KILLS])
        if (folder / "always").exists():
            os._exit(9)
        if (folder / "once").exists():
            (folder / "once").unlink()
            os._exit(9)
        yield from claim.instances(count, rng)

    return {"S5": replace(claim, instances=instances)}


@contextmanager
def place(kind: str, where: str) -> Iterator[Executor | None]:
    from geosae.cli._executors import chosen_executor

    factory = "ray_executor:connect" if kind == "ray" else None
    with chosen_executor(factory, where if kind == "dask" else None) as executor:
        yield executor


def main(kind: str, where: str, out: str) -> None:
    import cases

    from geosae.experiments import run
    from geosae.experiments.plan_file import parse_plan

    with place(kind, where) as executor:
        plan = parse_plan(PLAN, "clusters")
        run(plan, out, make_world=cases.make_world, claims=cases.claims, executor=executor, workers=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
