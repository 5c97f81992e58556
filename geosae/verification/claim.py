"""Claim: one statement of the theory with everything needed to try to refute it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.notebook import short_repr
from geosae.verification.evidence import Evidence, Kind, Number, Observed, compare

T = TypeVar("T")


@runtime_checkable
class NeuronsLike(Protocol):
    """What the checks ask of an SAE's neurons; `geosae.sae.Neurons` satisfies it without being imported."""

    @property
    def width(self) -> int:
        """The number d of neurons."""
        ...

    @property
    def dim(self) -> int:
        """The input dimension n."""
        ...

    @property
    def gating(self) -> Literal["absolute", "relative"]:
        """Whether each neuron is decided by itself or against the others."""
        ...

    @property
    def sparsity(self) -> int | None:
        """The gate's own ceiling on active neurons, if it has one."""
        ...

    @property
    def decoder(self) -> Float[np.ndarray, "d n"]:
        """The atoms W_j, one per row."""
        ...

    @property
    def b_dec(self) -> Float[np.ndarray, " n"]:
        """The decoder's bias."""
        ...

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons (columns) are active at which points (rows)."""
        ...

    def activations(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N d"]:
        """Return how strongly each neuron is active at each point."""
        ...

    def reconstruct(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return what the SAE makes of each point."""
        ...

    def half_spaces(self) -> HalfSpaces:
        """Return the activation regions, or raise NoHalfSpace under a relative gate."""
        ...


@dataclass(frozen=True, eq=False)
class TrainedInstance:
    """A trained SAE with the concepts it met and, where there is one, their alignment: an instance too.

    Raises
    ------
    InvalidInput
        If the neurons read normalised points, and those of the data set were not normalised so.
    """

    neurons: NeuronsLike
    dataset: ConceptDataset
    alignment: Any = None
    label: str = "trained SAE"

    def __post_init__(self) -> None:
        needed = getattr(self.neurons, "normalisation", None)
        whole = hasattr(self.neurons, "prepare_dataset")
        if whole or (needed is not None and self.dataset.provenance.get("normalisation") != needed):
            raise InvalidInput(
                "an imported SAE may read normalised points, and those of the data set are not prepared",
                causes="an SAE of another library",
                remedy="pass imported.neurons with imported.prepare_dataset(dataset)",
            )

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Hypothesis(Generic[T]):
    """A hypothesis in words, and instances that break it: on each of them the check must report a violation.

    `control` makes them from a count and a generator, as `Claim.instances` makes its own. A hypothesis
    without which nothing can go wrong is none, and is not listed.
    """

    statement: str
    control: Callable[[int, np.random.Generator], Iterable[T]]

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Claim(Generic[T]):
    """A statement, the instances it is tried on, and its hypotheses, each with controls that break it.

    `observe` decides the instance, independently of `bound`, which says what the statement allows there.
    `mutants` are wrong forms of the bound which the instances or the controls must expose. `scales` are the
    factors by which the audit distorts a real-valued bound (a loose bound needs wider ones, and its file
    says so), for all parts of a statement or by part; None stands for an integer bound, which is shifted
    by one.
    """

    id: str
    statement: str
    tex: str
    hypotheses: tuple[Hypothesis[T], ...]
    kind: Kind
    source: str
    figure: str
    observe: Callable[[T], Observed]
    bound: Callable[[T], Number]
    instances: Callable[[int, np.random.Generator], Iterable[T]]
    check_run: Callable[[TrainedInstance], Sequence[Evidence]] | None = None
    mutants: Mapping[str, Callable[[T], Number]] = field(default_factory=dict[str, Callable[[T], Number]])
    scales: tuple[float, ...] | Mapping[str, tuple[float, ...] | None] | None = None
    flipped: Callable[[T], bool] | None = None

    __repr__ = short_repr

    def check(self, case: T) -> Evidence:
        """Decide one instance."""
        flipped = self.flipped is not None and self.flipped(case)
        return compare(self.observe(case), self.bound(case), self.kind, flipped=flipped)

    def mutated(self, bound: Callable[[T], Number]) -> "Claim[T]":
        """Return the same claim with another bound: what the audit tries to slip past the instances."""
        return replace(self, bound=bound)

    def reversed(self, where: Callable[[T], bool]) -> "Claim[T]":
        """Return the claim with its inequality turned round (an equality negated) on some instances."""
        return replace(self, flipped=where)
