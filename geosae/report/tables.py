"""The tables of the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from geosae.experiments import Results, Row, estimate_at, sae_words
from geosae.report.markup import Markup, table, tag
from geosae.report.numbers import NOTIONS, SHUFFLED, evidence_of, mean, number, plural, sae_name, spread

STATUS = {"holds": "good", "refuted": "bad", "broken": "bad"}


def verdicts_table(results: Results) -> Markup:
    """Return the theorem checks: what was tried, how sharp it was, and whether controls were refuted."""
    trained = evidence_of(results)
    rows: list[list[str]] = []
    for verdict in results.verdicts:
        items = trained.get(verdict["id"], [])
        broken = sum(not e["holds"] for e in items)
        status = str(verdict["status"])
        said = verdict.get("statement", "")
        rows.append(
            [
                str(verdict["id"]),
                tag("span", said, f" ({verdict['kind']})" if verdict.get("kind") else "", _reason(verdict)),
                str(verdict["tried"]),
                number(verdict.get("worst_slack")),
                _grade(verdict),
                f"{verdict.get('controls_refuted', '–')} of {verdict.get('controls_tried', '–')}",
                f"{len(items) - broken} of {len(items)}" if items else "–",
                tag(
                    "span",
                    status if not broken else "refuted",
                    cls=STATUS.get(status, "bad") if not broken else "bad",
                ),
            ]
        )
    columns = [
        "id",
        "statement",
        "instances",
        "worst slack",
        "grade",
        "controls refuted",
        "held on SAEs",
        "verdict",
    ]
    return table(columns, rows, caption="Theorem checks", numeric=[2, 3], prose=[1])


def _reason(verdict: Mapping[str, Any]) -> Markup:
    """Return why a check did not come out, where it did not."""
    why = verdict.get("reason")
    return tag("span", f" {why[0].upper()}{why[1:]}.", cls="bad") if why else Markup("")


def _grade(verdict: Mapping[str, Any]) -> str:
    text = ", ".join(verdict.get("grades", ())) or "–"
    if verdict.get("eta"):
        text += f", η ≤ {number(verdict['eta'], 2)}"
    if verdict.get("false_alarm"):
        text += f", false alarm ≤ {number(verdict['false_alarm'], 2)}"
    return text


def shares_table(results: Results, world: str) -> Markup:
    """Return the shares of concepts learned at the settings that the baselines share, with intervals."""
    lines: list[list[str]] = []
    for row in results.compared(world) or results.rows_of(world, "trained"):
        lines.append([*_head(row), *_shares(row)])
        lines.append([*_head(row)[:2], "shuffled labels", *_shares(row, shuffled=True)])
        lines += [[*_head(other), *_shares(other)] for other in results.beside(row).values()]
    columns = ["gate", "d", "SAE"] + [f"{n}, {who}" for n in NOTIONS for who in ("neuron", "unit")]
    level = 100 * float(results.summary.get("level", 0.95))
    caption = f"Share of concepts learned: mean over seeds [{level:.0f} % Student-t interval, cut to 0…1]"
    return table(columns, lines, caption=caption, numeric=[1, *range(3, 9)])


def _head(row: Row) -> list[str]:
    """Return gate, width and kind; a constructed baseline has as many neurons as it has."""
    gate, kind = sae_name(row)
    return [gate, number(mean(row, "neurons") or row["width"]), kind]


def _shares(row: Row, *, shuffled: bool = False) -> list[str]:
    keys = [(n, SHUFFLED[who]) if shuffled else (n, who, "share") for n in NOTIONS for who in SHUFFLED]
    return [spread(estimate_at(row, "notions", *key)) for key in keys]


def quality_table(results: Results, world: str) -> Markup:
    """Return reconstruction and sparsity of every setting, baselines included, with intervals."""
    lines: list[list[str]] = []
    for row in results.rows_of(world):
        cells = [spread(estimate_at(row, "metrics", key)) for key in ("fvu", "l0", "dead_share", "mcc")]
        lattice = [spread(estimate_at(row, "lattice", key)) for key in ("concepts", "truth_concepts")]
        lines.append([*_head(row), str(row["seeds"]), *cells, *lattice])
    columns = ["gate", "d", "SAE", "seeds", "FVU", "L0", "dead share", "MCC", "lattice", "true lattice"]
    caption = "Reconstruction, sparsity, and sizes of the detection lattices: mean over seeds [interval]"
    return table(columns, lines, caption=caption, numeric=[1, *range(3, 10)])


def concepts_table(results: Results, world: str) -> Markup | None:
    """Return, concept by concept, what the SAE with the best separating neurons learned; None without one."""
    records = [r for r in results.records_of(world) if _error(r) is not None]
    if not records:
        return None
    best = min(records, key=lambda r: (_error(r), r["cell"]["width"]))
    cell = best["cell"]
    lines: list[list[str]] = []
    for k, entry in enumerate(best["notions"]["detection"]["neurons"]["per_concept"]):
        line = [str(entry[0])]
        for notion in NOTIONS:
            for who in ("neurons", "units"):
                found = ((best["notions"].get(notion) or {}).get(who) or {}).get("per_concept")
                line += _entry(found[k] if found else None, unit=who == "units")
        lines.append(line)
    heads = [h for n in NOTIONS for h in (f"{n}: neuron", "error", "unit", "error")]
    which = sae_words(cell)
    caption = (
        f"Concept by concept in one SAE ({which}: the least mean separation error of single neurons in "
        "this world). "
        "Errors with intervals that hold at once for all concepts, neurons and units of the SAE; ✓: within ε"
    )
    return table(["concept", *heads], lines, caption=caption, numeric=[2, 4, 6, 8, 10, 12])


def _error(record: Mapping[str, Any]) -> float | None:
    return (record["notions"]["separation"]["neurons"] or {}).get("best_error")


def _entry(entry: Sequence[Any] | None, *, unit: bool) -> list[str]:
    if entry is None:
        return ["–", "–"]
    who = entry[1]
    neurons = [] if who is None else [who] if isinstance(who, int) else list(who)
    name = plural(len(neurons), "neuron") if unit else f"n{neurons[0]}" if neurons else "–"
    text = number(entry[2], 2) if entry[2] is not None else "untested"
    if entry[3] is not None and entry[4] is not None:
        text += f" [{number(entry[3], 2)}, {number(entry[4], 2)}]"
    return [name, text + (" ✓" if entry[5] else "")]
