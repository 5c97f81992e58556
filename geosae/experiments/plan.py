"""A plan: the grid of cells of one run, and the theorem checks that go with it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments.baselines import BASELINES, USUAL, Baseline, place_of
from geosae.experiments.cell import Cell, short_hash
from geosae.experiments.gates import GATES, Gate, checked_sparsities
from geosae.experiments.sae_config import config_of
from geosae.notebook import short_repr, short_text
from geosae.sae.device import Device, resolve_device
from geosae.sae.training.spec import Kernel, resolve_kernel
from geosae.storage.records import check_fields
from geosae.storage.structure import to_json
from geosae.validation import refuse_unknown

REMEDIES = {
    "worlds": "give each a label of its own: label = …",
    "gates": "list all sparsities in one entry",
    "studies": "name each study once",
}
"""What to do about two entries of a plan with the same name."""


def check_integers(values: Sequence[int], name: str, where: str, *, least: int) -> None:
    """Refuse integers (widths, seeds, instances) below the least, and one that occurs twice.

    Raises
    ------
    InvalidInput
        If one is.

    Examples
    --------
    >>> check_integers((4, 8), "widths", "the plan", least=1)
    """
    for value in values:
        if value < least:
            needed = "positive" if least else "no negative number"
            raise InvalidInput(f"{where}: {name} must be {needed}, not {value}")
    if len(set(values)) != len(values):
        raise InvalidInput(f"{where}: {name} names the same value twice: {list(values)}")


def refuse_repeated(names: Sequence[str], key: str, where: str) -> None:
    """Refuse worlds, gates or studies of which two have one name.

    Raises
    ------
    InvalidInput
        If two have.

    Examples
    --------
    >>> refuse_repeated(["a", "b"], "worlds", "the plan")
    """
    for name, count in Counter(names).items():
        if count > 1:
            raise InvalidInput(f"{where} has two {key} called {name!r}", remedy=REMEDIES[key])


LARGEST_GRID = 100_000
"""SAEs beyond which a grid is a mistake, such as a seed in the place of the number of seeds."""


def refuse_too_many(count: int, where: str) -> None:
    """Refuse a grid of more SAEs than any run has, before they are listed.

    Raises
    ------
    InvalidInput
        If it is one.

    Examples
    --------
    >>> refuse_too_many(27, "the plan")
    """
    if count > LARGEST_GRID:
        raise InvalidInput(
            f"{where} has {short_text(f'{count:,}', 40)} SAEs or seeds, and no grid has more than "
            f"{LARGEST_GRID:,}",
            causes="a seed in the place of the number of seeds, or a longer list than was meant",
            remedy="write a single seed as a list: seeds = [7]",
        )


@dataclass(frozen=True)
class WorldEntry:
    """One world of a plan.

    Attributes
    ----------
    label
        The name in tables and figures, unique in the plan.
    source
        The name in the registry of worlds, or "digits", or "file" (params: path, and in the plan of a run the
        content, the SHA-256 of the file).
    params
        What the world is made with.
    data_seed
        The seed of the points; None draws fresh points for each seed of the plan.
    widths, sparsity, train
        What takes the place of the plan's widths, of a gate's sparsities, and of single training settings.
    gates
        Which of the plan's gates are trained on it; empty: all.
    baselines
        Whether the plan's baselines stand beside it; worlds that only serve for pictures need none.
    """

    label: str
    source: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data_seed: int | None = None
    widths: tuple[int, ...] = ()
    sparsity: Mapping[str, tuple[int | float, ...]] = field(
        default_factory=dict[str, tuple[int | float, ...]]
    )
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])
    gates: tuple[Gate, ...] = ()
    baselines: bool = True

    __repr__ = short_repr

    def __post_init__(self) -> None:
        where = f"the world {self.source!r}"
        check_fields(self, where)
        check_integers(self.widths, "widths", where, least=1)
        check_integers(() if self.data_seed is None else (self.data_seed,), "seeds", where, least=0)
        refuse_unknown(self.gates, GATES, where, "gate")
        by_gate = {g: checked_sparsities(g, s, f"{where}, sparsity: {g}") for g, s in self.sparsity.items()}
        object.__setattr__(self, "sparsity", by_gate)

    def takes(self, gate: str) -> bool:
        """Return whether a gate of the plan is trained on this world."""
        return not self.gates or gate in self.gates


@dataclass(frozen=True)
class GateEntry:
    """One gate of a plan.

    Attributes
    ----------
    sparsity, baseline_sparsity
        Its sparsities (see `geosae.experiments.gates`), and those that baselines are run at; None: all.
    widths
        The widths it is trained at, in every world; empty: the world's, or else the plan's.
    """

    name: Gate
    sparsity: tuple[int | float, ...]
    baseline_sparsity: tuple[int | float, ...] | None = None
    widths: tuple[int, ...] = ()

    __repr__ = short_repr

    def __post_init__(self) -> None:
        where = f"the gate {self.name!r}"
        check_fields(self, where)
        check_integers(self.widths, "widths", where, least=1)
        refuse_unknown([self.name], GATES, "the plan", "gate")
        object.__setattr__(
            self, "sparsity", checked_sparsities(self.name, self.sparsity, f"{where}: sparsity")
        )
        if self.baseline_sparsity is not None:
            compared = checked_sparsities(self.name, self.baseline_sparsity, f"{where}: baseline_sparsity")
            object.__setattr__(self, "baseline_sparsity", compared)
            if not set(compared) <= set(self.sparsity):
                raise InvalidInput(f"{where}: baseline_sparsity must be among sparsity {list(self.sparsity)}")


@dataclass(frozen=True)
class SAESetting:
    """A gate with its sparsity at one width."""

    gate: Gate
    sparsity: float | int
    width: int

    __repr__ = short_repr


def settings_of(
    gate: Gate, widths: Sequence[int], sparsities: Sequence[float | int]
) -> tuple[SAESetting, ...]:
    """Return width × sparsity in this order, without those that keep more neurons than there are.

    Examples
    --------
    >>> [(s.width, s.sparsity) for s in settings_of("topk", (4, 8), (2, 8))]
    [(4, 2), (8, 2), (8, 8)]
    """
    pairs = product(widths, sparsities)
    return tuple(SAESetting(gate, k, width) for width, k in pairs if GATES[gate].fits(k, width))


@dataclass(frozen=True)
class CheckEntry:
    """The theorem checks on constructed instances: their ids (empty: all), how many instances, the seed."""

    claims: tuple[str, ...] = ()
    instances: int = 20
    seed: int = 0

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the theorem checks")
        check_integers((self.instances,), "instances", "the theorem checks", least=1)
        check_integers((self.seed,), "seeds", "the theorem checks", least=0)


@dataclass(frozen=True)
class StudyEntry:
    """A study as a plan names it: what it changes, and seeds of its own if it has some."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seeds: tuple[int, ...] = ()

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, f"the study {self.name!r}")
        check_integers(self.seeds, "seeds", f"the study {self.name!r}", least=0)


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
    baselines: tuple[Baseline, ...] = USUAL
    tolerance: float = 0.05
    train_share: float = 0.5
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])
    analysis: Mapping[str, Any] = field(default_factory=dict[str, Any])
    checks: CheckEntry = field(default_factory=CheckEntry)
    studies: tuple[StudyEntry, ...] = ()
    device: Device = "cpu"
    """Where SAEs are trained, those of the studies too; `run` decides once what "auto" means."""

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the plan")
        check_integers(self.widths, "widths", "the plan", least=1)
        check_integers(self.seeds, "seeds", "the plan", least=0)
        if not 0 < self.train_share < 1:
            raise InvalidInput(f"the plan: train_share is {self.train_share}; it must lie between 0 and 1")
        if not 0 <= self.tolerance < 1:
            raise InvalidInput(f"the plan: tolerance is {self.tolerance}; it must be in [0, 1)")
        for key, names in (
            ("worlds", [world.label for world in self.worlds]),
            ("gates", [gate.name for gate in self.gates]),
            ("studies", [study.name for study in self.studies]),
        ):
            refuse_repeated(names, key, "the plan")
        for world in self.worlds:
            refuse_unknown(world.gates, [g.name for g in self.gates], f"the world {world.label!r}", "gate")

    def cells(self, *, numba: bool | None = None, mkl: bool | None = None) -> tuple[Cell, ...]:
        """Return the cells in a fixed order, world by world, each once.

        Their kernels are those of a machine with or without numba, and MKL in torch: of the one that the plan
        was run on, for the cells of a run; None takes this one.

        Raises
        ------
        InvalidInput
            If a training setting of the plan is not valid, or there are more cells than any run has.
        """
        refuse_too_many(sum(map(self._most_cells, self.worlds)), "the plan")
        by_key: dict[str, Cell] = {}
        for world in self.worlds:
            for cell in self._cells_of(world, numba, mkl):
                by_key.setdefault(cell.key, cell)
        return tuple(by_key.values())

    def _most_cells(self, world: WorldEntry) -> int:
        """Return how many cells a world has at most, without making them."""
        settings = sum(
            len(g.widths or world.widths or self.widths) * len(world.sparsity.get(g.name) or g.sparsity)
            for g in self._gates_of(world)
        )
        return settings * len(self.seeds) * (1 + (len(self.baselines) if world.baselines else 0))

    def _cells_of(self, world: WorldEntry, numba: bool | None, mkl: bool | None) -> Iterator[Cell]:
        train = {**self.train, **world.train}
        device = resolve_device("auto").type if self.device == "auto" else self.device

        @cache
        def kernel(gate: Gate, sparsity: float | int, width: int, baseline: str) -> Kernel:
            config = config_of(gate, sparsity, width, baseline, train)
            return resolve_kernel(config, device, numba=numba, mkl=mkl)

        places = ((g, w) for g in self._gates_of(world) for w in g.widths or world.widths or self.widths)
        for (gate, width), seed in product(places, self.seeds):
            data_seed = seed if world.data_seed is None else world.data_seed
            for baseline in ("trained", *(self.baselines if world.baselines else ())):
                sparsities = _sparsities(gate, world, compared=baseline != "trained")
                for setting in settings_of(gate.name, (width,), sparsities):
                    stands = place_of(baseline, gate.name, setting.sparsity, width)
                    if stands is None:
                        continue
                    trains = baseline == "trained" or not BASELINES[baseline].constructed
                    yield Cell(
                        world.label, world.source, world.params, data_seed, *stands, seed,
                        baseline, train if trains else {}, self.analysis, self.tolerance, self.train_share,
                        self.device if trains else "cpu",
                        kernel(*stands, baseline) if trains else None,
                    )  # fmt: skip

    def _gates_of(self, world: WorldEntry) -> tuple[GateEntry, ...]:
        return tuple(gate for gate in self.gates if world.takes(gate.name))

    def compared(self, label: str) -> frozenset[tuple[str, float | int]]:
        """Return the (gate, sparsity) pairs at which a world's trained SAEs have baselines beside them."""
        world = next(world for world in self.worlds if world.label == label)
        gates = self._gates_of(world) if self.baselines and world.baselines else ()
        return frozenset((g.name, s) for g in gates for s in _sparsities(g, world, compared=True))

    def seeds_by_part(self) -> dict[str, tuple[int, ...]]:
        """Return the seeds of the grid (under "grid") and of each study, its own or else the grid's."""
        return {"grid": self.seeds, **{study.name: study.seeds or self.seeds for study in self.studies}}

    def shifted(self, offset: int) -> "Plan":
        """Return the same plan on other seeds: `offset` added to those of the grid, studies and checks.

        A world's own data_seed stays as it is: it names points, not one draw of many.

        Raises
        ------
        InvalidInput
            If a seed becomes negative, or is one of this plan's too: runs that share seeds are not
            independent.

        Examples
        --------
        >>> gates = (GateEntry("topk", (2,)),)
        >>> plan = Plan("small", (WorldEntry("w", "nested-balls"),), gates, widths=(4,), seeds=(0, 1, 2))
        >>> plan.shifted(100).seeds, plan.shifted(100).checks.seed
        ((100, 101, 102), 100)
        """
        old = {seed for seeds in self.seeds_by_part().values() for seed in seeds}
        if common := old & {seed + offset for seed in old}:
            raise InvalidInput(
                f"shifted by {offset}, the plan still has the seeds {', '.join(map(str, sorted(common)))}",
                remedy=f"shift it by {max(old) - min(old) + 1} or more",
            )
        if min(*old, self.checks.seed) + offset < 0:
            raise InvalidInput(f"shifted by {offset}, a seed of the plan becomes negative")
        return replace(
            self,
            seeds=tuple(seed + offset for seed in self.seeds),
            checks=replace(self.checks, seed=self.checks.seed + offset),
            studies=tuple(replace(s, seeds=tuple(i + offset for i in s.seeds)) for s in self.studies),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a JSON-ready dictionary."""
        return to_json(self)

    @property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the plan."""
        return short_hash(self.to_dict())


def _sparsities(gate: GateEntry, world: WorldEntry, *, compared: bool) -> tuple[float | int, ...]:
    """Return all sparsities of a gate in a world, or those with baselines."""
    values = world.sparsity.get(gate.name) or gate.sparsity
    if not compared or gate.baseline_sparsity is None:
        return values
    # A world with sparsities of its own has its baselines at the same places of the list.
    places = [gate.sparsity.index(s) for s in gate.baseline_sparsity]
    return tuple(values[i] for i in places if i < len(values))
