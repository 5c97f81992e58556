"""What the study of splitting answers, read off its stored numbers."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.jobs import Record
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.numbers import Mean, direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer

KINDS = ("whole", "clean", "cut", "tiled", "partial")
"""One neuron has the concept; pieces lie apart; pieces meet; pieces overlap; a part is left over."""
ONE = ("connected", "shell")
"""Connected concepts."""


def kind_of_cut(cut: Mapping[str, Any]) -> str:
    """Return the kind of a stored cut, splits told apart by whether the pieces lie apart.

    Examples
    --------
    >>> kind_of_cut({"kind": "split", "clean": False}), kind_of_cut({"kind": "tiled", "clean": False})
    ('cut', 'tiled')
    """
    if cut["kind"] == "split":
        return "clean" if cut["clean"] else "cut"
    return str(cut["kind"])


def kinds(records: Sequence[Record], place: int, which: str = "trained") -> Counter[str]:
    """Return how often each kind was found at one width."""
    return Counter(kind_of_cut(r["result"][which][place]["cut"]) for r in records)


def fates(records: Sequence[Record], place: int) -> Counter[str]:
    """Return what became of the neurons of one width in the SAE of the next."""
    found: Counter[str] = Counter()
    for record in records:
        step = record["result"]["splits"][place]
        found += Counter({kind: int(step[kind]) for kind in ("whole", "tiled", "partial", "clean")})
        found["cut"] += int(step["split"]) - int(step["clean"])
    return found


def gates_of(records: Sequence[Record]) -> list[tuple[str, float | int]]:
    """Return the (gate, sparsity) pairs of these records, in order."""
    return sorted({(str(r["settings"]["gate"]), r["settings"]["sparsity"]) for r in records})


def at(
    name: str, place: int, which: str = "trained", within: str | None = None
) -> Callable[[Any], float | None]:
    """Return what reads a number of the SAE at one width off a result.

    Examples
    --------
    >>> at("owned", 0)({"trained": [{"owned": 3}]})
    3.0
    """

    def read(result: Any) -> float | None:
        value = result[which][place][name]
        value = value if within is None else value[within]
        return None if value is None else float(value)

    return read


def over_widths(
    name: str, which: str = "trained", within: str | None = None
) -> Callable[[Any], float | None]:
    """Return what reads the mean of a number over the widths off a result."""

    def read(result: Any) -> float | None:
        values = [at(name, place, which, within)(result) for place in range(len(result[which]))]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return read


def clean_share(result: Any, which: str = "trained") -> float:
    """Return at which share of the widths the concept is split cleanly."""
    return sum(bool(sae["cut"]["clean"]) for sae in result[which]) / len(result[which])


def answers(records: Sequence[Record]) -> list[Answer]:
    """Return the predictions of P1 and P3 beside what was seen."""
    if not records:
        return []
    widths = [int(w) for w in records[0]["settings"]["widths"]]
    found = [_never(records), _apart(records), _own_neurons(records, widths), _tiles(records, widths)]
    return [*found, _fate(records), _beyond_independence(records), _beyond_untrained(records)]


def _never(records: Sequence[Record]) -> Answer:
    found: list[str] = []
    clean = 0
    for world, spelled in zip(ONE, ("ball", "shell"), strict=True):
        own = select(records, world=world)
        saes = [sae["cut"] for r in own for sae in r["result"]["trained"]]
        hits = sum(bool(cut["clean"]) for cut in saes)
        near = sum(cut["kind"] == "split" for cut in saes)
        high = float(clopper_pearson(hits, len(saes), 0.05)[1]) if saes else 1.0
        clean += hits
        found.append(
            f"The {spelled} is split cleanly by {hits} of {len(saes)} SAEs (at most a share {high:.2f}, were "
            f"SAEs independent), though pieces that share and miss little were found in {near}"
        )
    return Answer(
        "P1",
        "A connected concept never splits into pieces that lie farther apart than the sample resolves.",
        f"{'. '.join(found)}.",
        "the prediction fails" if clean else "as predicted",
    )


def _apart(records: Sequence[Record]) -> Answer:
    balls, one = (select(records, world=w) for w in ("separated", "connected"))
    more = mean_of(paired(per_seed(balls, clean_share), per_seed(one, clean_share)))
    raw = mean_of(list(per_seed(balls, lambda r: clean_share(r, "untrained")).values()))
    by_gate = [(g, s, per_seed(select(balls, gate=g, sparsity=s), clean_share)) for g, s in gates_of(balls)]
    shares = ", ".join(f"{gate_name(g, s)} {_mean(found)}" for g, s, found in by_gate)
    cuts = [sae["cut"] for r in balls for sae in r["result"]["trained"] if sae["cut"]["clean"]]
    four = sum(len(cut["pieces"]) == 4 for cut in cuts)
    return Answer(
        "P1",
        "Four balls apart are split cleanly more often than one ball is.",
        f"Paired difference of the shares of SAEs {more}; by gate {shares}; untrained {raw}. Of {len(cuts)} "
        f"clean splits {four} have four pieces.",
        direction(more),
    )


def _own_neurons(records: Sequence[Record], widths: Sequence[int]) -> Answer:
    balls = select(records, world="separated")
    first, last = (per_seed(balls, at("owned", place)) for place in (0, -1))
    more = mean_of(paired(last, first))
    raw = mean_of(paired(last, per_seed(balls, at("owned", -1, "untrained"))))
    could = mean_of([r["result"]["isolable"] for r in balls])
    return Answer(
        "P1",
        "A wider SAE has neurons of their own for more of the four balls.",
        f"By certificate a half-space could have {could.value:.2f} of the 4 balls to itself. {_mean(first)} "
        f"have a neuron of their own at width {widths[0]}, {_mean(last)} at width {widths[-1]}: paired "
        f"difference {more}; trained minus untrained at width {widths[-1]} {raw}.",
        direction(more),
    )


def _tiles(records: Sequence[Record], widths: Sequence[int]) -> Answer:
    # Where the gate sets how many neurons fire, it sets how many share a point: that would answer nothing.
    free = select([r for r in records if GATES[str(r["settings"]["gate"])].absolute], world=ONE)
    found, raw = (per_seed(free, shared_at(-1, which)) for which in ("trained", "untrained"))
    seen = [kind_of_cut(sae["cut"]) for r in free for sae in r["result"]["trained"]]
    return Answer(
        "2604.28119",
        "Reconstruction tiles a connected concept: more of its points lie in several partial regions than "
        "in an untrained SAE.",
        f"At width {widths[-1]} several ReLU neurons that have part of the concept fire on a share "
        f"{_mean(found)} of the points of the ball and the shell, untrained {_mean(raw)}. Over all widths "
        f"{seen.count('tiled')} of {len(seen)} ReLU SAEs have no disjoint pieces of them.",
        # Where untrained SAEs tile as well, the gate does it, and not reconstruction.
        direction(mean_of(paired(found, raw))),
    )


def shared_at(place: int, which: str = "trained") -> Callable[[Any], float | None]:
    """Return what reads the share of the concept's points with several partial neurons off a result."""
    return lambda result: result[which][place]["cut"]["shared"]["value"]


def _fate(records: Sequence[Record]) -> Answer:
    def share(result: Any, *names: str) -> float | None:
        total = sum(step[k] for step in result["splits"] for k in ("whole", "split", "tiled", "partial"))
        return sum(step[k] for step in result["splits"] for k in names) / total if total else None

    means = {
        name: mean_of(list(per_seed(records, lambda r, name=name: share(r, name)).values()))
        for name in ("whole", "split", "clean", "tiled", "partial")
    }
    kept, cut = (per_seed(records, lambda r, name=name: share(r, name)) for name in ("whole", "split"))
    more = mean_of(paired(cut, kept))
    return Answer(
        "P1",
        "A wider SAE splits more of a narrower one's neurons than it keeps.",
        f"From one width to the next a share {means['whole']} is kept whole, {means['split']} split "
        f"(cleanly {means['clean']}), {means['tiled']} tiled, and {means['partial']} found again only in "
        f"part; split minus kept {more}.",
        direction(more),
    )


def _families(records: Sequence[Record], which: str = "trained", table: str = "families") -> dict[int, float]:
    return per_seed(records, over_widths(table, which, "share"))


def several(records: Sequence[Record]) -> list[Record]:
    """Return the records whose gate lets more than one neuron fire: others can have no family."""
    return [r for r in records if r["settings"]["sparsity"] != 1]


def _beyond_independence(records: Sequence[Record]) -> Answer:
    own = several(records)
    found, alone = _families(own), _families(own, table="permuted")
    more = mean_of(paired(found, alone))
    lone = [r for r in records if r["settings"]["sparsity"] == 1]
    any_pair = sum(sae["families"]["beyond"] for r in lone for sae in r["result"]["trained"])
    return Answer(
        "P3",
        "More pairs of neurons fire together than independent neurons would; none where one neuron fires.",
        f"Share of pairs beyond chance {_mean(found)}, among neurons permuted one by one {_mean(alone)}; "
        f"paired difference {more}. With Top-1, {any_pair} pairs.",
        "the prediction fails" if any_pair else direction(more),
    )


def _beyond_untrained(records: Sequence[Record]) -> Answer:
    own = several(records)
    gates = sorted({str(r["settings"]["gate"]) for r in own})
    by_gate = {g: (select(own, gate=g)) for g in gates}
    found = {g: mean_of(paired(_families(r), _families(r, "untrained"))) for g, r in by_gate.items()}
    more = mean_of(paired(_families(own), _families(own, "untrained")))
    spelled = ", ".join(f"{GATES[g].printed} {found[g]}" for g in gates)
    largest = [per_seed(own, over_widths("families", which, "largest")) for which in ("trained", "untrained")]
    return Answer(
        "P3",
        "Training forms families: more pairs fire together beyond chance than in an untrained SAE.",
        f"Trained minus untrained share of pairs {more} ({spelled}); the largest family has "
        f"{_mean(largest[0])} neurons, untrained {_mean(largest[1])}.",
        direction(more),
    )


def _mean(values: Mapping[int, float]) -> Mean:
    return mean_of(list(values.values()))
