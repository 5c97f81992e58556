"""A plan: the grid of cells of one run, and the theorem checks that go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any

from geosae.experiments.cell import Baseline, Cell, Gate, short_hash

BASELINES: tuple[Baseline, ...] = ("untrained", "frozen_decoder")


@dataclass(frozen=True)
class WorldEntry:
    """One world of a plan.

    Attributes
    ----------
    label
        The name in tables and figures, unique in the plan.
    source
        The name in the registry of worlds, or "digits", or "file" (params: path).
    params
        What the world is made with.
    data_seed
        The seed of the points; None draws fresh points for each seed of the plan.
    widths, sparsity, train
        What takes the place of the plan's widths, of a gate's sparsities, and of single training settings.
    """

    label: str
    source: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data_seed: int | None = None
    widths: tuple[int, ...] = ()
    sparsity: Mapping[str, tuple[float | int, ...]] = field(
        default_factory=dict[str, tuple[float | int, ...]]
    )
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class GateEntry:
    """One gate of a plan: its sparsities (k of topk, L1 coefficient of relu), and those of its baselines."""

    name: Gate
    sparsity: tuple[float | int, ...]
    baseline_sparsity: tuple[float | int, ...] | None = None


@dataclass(frozen=True)
class CheckEntry:
    """The theorem checks on constructed instances: their ids (empty: all), how many instances, the seed."""

    claims: tuple[str, ...] = ()
    instances: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """A grid over world × gate × width × sparsity × seed, with baselines in the same table.

    Examples
    --------
    >>> gates = (GateEntry("topk", (2, 8)),)
    >>> plan = Plan("small", (WorldEntry("w", "nested-balls"),), gates, widths=(4, 8), seeds=(0, 1, 2))
    >>> len(plan.cells())  # k=8 needs 8 neurons: three pairs (width, k), three seeds, trained + 2 baselines
    27
    """

    title: str
    worlds: tuple[WorldEntry, ...]
    gates: tuple[GateEntry, ...]
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    baselines: tuple[Baseline, ...] = BASELINES
    tolerance: float = 0.05
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])
    analysis: Mapping[str, Any] = field(default_factory=dict[str, Any])
    checks: CheckEntry = field(default_factory=CheckEntry)

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells in a fixed order, world by world, each once."""
        found: dict[str, Cell] = {}
        for world in self.worlds:
            for cell in self._cells_of(world):
                found.setdefault(cell.key, cell)
        return tuple(found.values())

    def _cells_of(self, world: WorldEntry) -> Iterator[Cell]:
        train = {**self.train, **world.train}
        for gate, width, seed in product(self.gates, world.widths or self.widths, self.seeds):
            own = world.sparsity.get(gate.name)
            trained = own or gate.sparsity
            # A world with sparsities of its own has its baselines at the same places of the list.
            places = range(len(trained)) if gate.baseline_sparsity is None else _places(gate)
            compared = [trained[i] for i in places if i < len(trained)]
            for baseline in ("trained", *self.baselines):
                for sparsity in trained if baseline == "trained" else compared:
                    if gate.name == "topk" and sparsity > width:
                        continue
                    data_seed = seed if world.data_seed is None else world.data_seed
                    yield Cell(
                        world.label, world.source, world.params, data_seed, gate.name, sparsity, width, seed,
                        baseline, train, self.analysis, self.tolerance,
                    )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a JSON-ready dictionary."""
        return asdict(self)

    @property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the plan."""
        return short_hash(self.to_dict())


def _places(gate: GateEntry) -> list[int]:
    return [gate.sparsity.index(s) for s in gate.baseline_sparsity or ()]
