"""What training lowers and what it separates, after so many steps and at several learning rates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.common import two_parts
from geosae.studies.dynamics_answers import answers
from geosae.studies.dynamics_records import WORLDS, TrainedState, Training
from geosae.studies.study import Study
from geosae.validation import refuse_unknown

TOLERANCE = 0.1
TRAIN_SHARE = 10 / 26
"""Of the points; the rest chooses and judges. Certificates at 0.1 need about 150 points of a concept."""


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    cases: tuple[str, ...] = tuple(WORLDS)
    steps: tuple[int, ...] = (30, 100, 300, 1000, 3000)
    rates: tuple[float, ...] = (0.003, 0.01, 0.03)
    points: int = 26_000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Training]:
    refuse_unknown(grid.cases, WORLDS, "the study 'dynamics'", "case")
    for world in grid.cases:
        for seed in seeds:
            yield Training(world, "untrained", 0, 0.0, grid.points, seed)
            for rate in grid.rates:
                for steps in grid.steps:
                    yield Training(world, "trained", steps, rate, grid.points, seed)
            yield Training(world, "frozen_decoder", max(grid.steps), WORLDS[world].rate, grid.points, seed)


def _do(job: Training, make_world: MakeWorld, device: Device) -> TrainedState:
    from geosae.analysis import AnalysisConfig, analyse
    from geosae.experiments.sae_config import config_of
    from geosae.sae.training.train import train

    world = WORLDS[job.world]
    params = {**world.params, "points": job.points}
    points, others = two_parts(make_world, world.source, params, job.seed, TRAIN_SHARE)
    # A longer training is another training: its rate falls later.
    steps = max(1, job.steps)
    settings: dict[str, Any] = {"steps": steps, "log_every": steps}
    if job.arm == "trained":
        settings |= {"decoder_norm": world.decoder}
    if job.rate:
        settings |= {"lr": job.rate}
    config = config_of(world.gate, world.sparsity, world.width, job.arm, settings)
    run = train(points.points, config, job.seed, device=device)
    # Without ν: approximation is not asked for, and what is not asked for needs no correction.
    alignment = analyse(
        run.sae, replace(others, ambient=None), AnalysisConfig(tolerance=TOLERANCE, seed=job.seed)
    )
    assert alignment.floor is not None
    return TrainedState(
        loss=float(run.log[-1]["loss"]),
        fvu=alignment.fvu,
        dead=alignment.dead_share,
        l0=alignment.l0,
        neuron=alignment.share("separation", "neurons"),
        unit=alignment.share("separation", "units"),
        small_unit=alignment.share("separation", "small_units"),
        neuron_not=alignment.share("separation", "neurons", "not learned"),
        unit_not=alignment.share("separation", "units", "not learned"),
        neuron_shuffled=alignment.floor.share("separation", "neurons"),
        unit_shuffled=alignment.floor.share("separation", "units"),
    )


STUDY = Study(
    name="dynamics",
    title="Loss against separation over training",
    question="Does separation follow the loss while an SAE is trained, and does the learning rate with the "
    "least loss separate most?",
    world="Worlds `disjoint-balls` and `formal-context` (a taxonomy) with ReLU SAEs, `superposition` with "
    "two active features in 16 and 24 dimensions with BatchTopK SAEs.",
    design="World × learning rate × number of steps × seed (each number of steps is a training of its own); "
    "untrained SAEs as step 0; frozen decoders after the most steps; shuffled labels everywhere.",
    grid=Grid,
    settings=Training,
    result=TrainedState,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
