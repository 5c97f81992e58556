"""Prediction beside observation: sentences made from the numbers of a run, whatever these turn out to be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geosae.experiments import BASELINES, GATES, Results, Row, estimate_at, gate_name
from geosae.report.numbers import NOTIONS, evidence_of, mean, number, plural


@dataclass(frozen=True)
class Finding:
    """What is predicted, what was observed, and the comparison in few words.

    `world` is empty where it is about all SAEs of the run; `tone` is good, bad, or empty (nothing to judge).
    """

    id: str
    world: str
    prediction: str
    observation: str
    verdict: str
    tone: Literal["good", "bad", ""] = ""


def findings(results: Results) -> list[Finding]:
    """Return the findings of a run, world by world, then over all its SAEs."""
    found: list[Finding] = []
    for world in results.worlds:
        found += _feasible(results, world)
        found += _price_of_detection(results, world)
        found += _baselines(results, world)
    return found + _capacity(results)


def _feasible(results: Results, world: str) -> list[Finding]:
    """Compare what S1 and S3 allow with what training reached, where the truth is known in closed form."""
    records = [r for r in results.records_of(world) if GATES[r["cell"]["gate"]].absolute]
    if not records:
        return []
    data = results.dataset(records[0])
    truth = {name: t for name, t in zip(data.names, data.truth, strict=False) if t is not None}
    found: list[Finding] = []
    for claim, who, words, known in (
        ("S1", "neurons", "one neuron", {k: t.one_neuron for k, t in truth.items()}),
        ("S3", "units", "some unit", {k: t.unit for k, t in truth.items()}),
    ):
        known = {k: v for k, v in known.items() if v is not None}
        if not known:
            continue
        possible = {k for k, v in known.items() if v}
        reached = {
            str(entry[0])
            for record in records
            for entry in (record["notions"]["separation"][who] or {}).get("per_concept", ())
            if entry[5] and entry[0] in known
        }
        beyond = sorted(reached - possible)
        tolerance = number(records[0]["cell"]["tolerance"])
        prediction = (
            f"{words.capitalize()} with an absolute gate can separate the regions of {len(possible)} of "
            f"{plural(len(known), 'concept')}."
        )
        observation = (
            f"At tolerance {tolerance}, {len(reached & possible)} of these were separated in at least one of "
            f"{len(records)} trained SAEs with absolute gates."
        )
        if beyond:
            observation += (
                f" {len(beyond)} that theory excludes (exactly) were separated within the tolerance: "
                f"{', '.join(beyond[:5])}."
            )
        if beyond:
            verdict, tone = "only within the tolerance", ""
        elif possible - reached:
            verdict, tone = f"possible, not reached: {len(possible - reached)} of {len(possible)}", "bad"
        else:
            verdict, tone = (
                "all that is possible was reached" if possible else "none possible, none found",
                "good",
            )
        found.append(Finding(claim, world, prediction, observation, verdict, tone))
    return found


def _price_of_detection(results: Results, world: str) -> list[Finding]:
    """Compare detection at the sparsest and the densest setting of each gate, in one finding."""
    rows = results.rows_of(world, "trained")
    told: list[str] = []
    gains: list[float] = []
    for gate in dict.fromkeys(str(r["gate"]) for r in rows):
        by_l0 = _shares_by_sparsity(rows, gate)
        if len(by_l0) < 2:
            continue
        (thin_l0, thin), (dense_l0, dense) = by_l0[0], by_l0[-1]
        gains.append(dense - thin)
        ends = f"{number(thin, 2)} at {number(thin_l0)}, {number(dense, 2)} at {number(dense_l0)}"
        told.append(f"{gate_name(gate)} {ends}")
    if not told:
        return []
    prediction = (
        "Only sparsity gives detection a price: with more neurons active, single neurons of a gate detect "
        "at least as many concepts."
    )
    observation = (
        f"Share of concepts that one neuron detects, at the least and the greatest mean L0 (over widths and "
        f"seeds): {'; '.join(told)}."
    )
    contrary = sum(gain < 0 for gain in gains)
    more = sum(gain > 0 for gain in gains)
    verdict = f"more in {more} of {plural(len(gains), 'gate')}" + (
        f", fewer in {contrary}" if contrary else ""
    )
    tone = "bad" if contrary > more else "good" if more and not contrary else ""
    return [Finding("D1", world, prediction, observation, verdict, tone)]


def _shares_by_sparsity(rows: list[Row], gate: str) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for sparsity in dict.fromkeys(r["sparsity"] for r in rows if r["gate"] == gate):
        at = [r for r in rows if r["gate"] == gate and r["sparsity"] == sparsity]
        pairs = [(mean(r, "metrics", "l0"), mean(r, "notions", "detection", "neurons", "share")) for r in at]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if known:
            points.append((sum(a for a, _ in known) / len(known), sum(b for _, b in known) / len(known)))
    return sorted(points)


def _baselines(results: Results, world: str) -> list[Finding]:
    """Count where trained SAEs leave smaller errors than each baseline, and where the intervals are apart."""
    pairs = [(row, results.beside(row)) for row in results.compared(world)]
    found: list[Finding] = []
    for baseline in dict.fromkeys(b for _, beside in pairs for b in beside):
        known = BASELINES[baseline]
        who, whose = ("units", "closure units") if known.ceiling else ("neurons", "best neurons")
        wins = apart = settings = 0
        for row, other in ((row, beside[baseline]) for row, beside in pairs if baseline in beside):
            # True half-spaces may belong to more than the concepts' regions, so approximation has no ceiling.
            for notion in NOTIONS[:2] if known.ceiling else NOTIONS:
                ours = estimate_at(row, "notions", notion, who, "best_error")
                theirs = estimate_at(other, "notions", notion, who, "best_error")
                if ours is None or theirs is None:
                    continue
                settings += 1
                wins += ours["mean"] < theirs["mean"]
                ends = ours["high"], theirs["low"]
                apart += None not in ends and ends[0] < ends[1]
        if settings:
            observation = (
                f"The {whose}' mean error is smaller than that of “{known.printed}” in {wins} of "
                f"{settings} settings (gate × width × notion), with intervals apart in {apart}."
            )
            verdict = f"better in {wins} of {settings}"
            tone = "" if known.ceiling else "good" if 2 * wins > settings else "bad"
            found.append(Finding("baseline", world, known.expected, observation, verdict, tone))
    return found


def _capacity(results: Results) -> list[Finding]:
    """Say for each statement held against trained SAEs how near they came to its bound."""
    about: Mapping[str, Mapping[str, Any]] = {v["id"]: v for v in results.verdicts}
    found: list[Finding] = []
    for claim, items in evidence_of(results).items():
        if not items:
            continue
        broken = [e for e in items if not e["holds"]]
        touched = [e for e in items if e["observed"] != 0]
        near = min(touched or items, key=_distance)
        observation = (
            f"Held on {len(items) - len(broken):,} of {plural(len(items), 'instance')} on the run's SAEs. "
            "Nearest to "
            f"its bound: observed {number(near['observed'])}, bound {number(near['bound'])} "
            f"({near['instance']})."
        )
        if not touched:
            observation += " Nothing was observed on any of them that the bound could limit."
        statement = str(about.get(claim, {}).get("statement", f"Statement {claim}."))
        attained = sum(e["slack"] == 0 for e in touched)
        verdict = "holds" if touched else "holds, untouched"
        if attained:
            verdict += f", attained on {attained:,}"
        if broken:
            verdict = f"violated on {len(broken):,}"
        tone = "bad" if broken else "good" if touched else ""
        found.append(Finding(claim, "", statement, observation, verdict, tone))
    return found


def _distance(evidence: Mapping[str, Any]) -> tuple[float, float]:
    """Return how far an observation is from its bound: by ratio where there is one, else by slack."""
    observed, bound = float(evidence["observed"]), float(evidence["bound"])
    if observed > 0 and bound > 0:
        return (0.0, abs(math.log(observed / bound)))
    return (1.0, abs(float(evidence["slack"])))
