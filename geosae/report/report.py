"""The report of a run: one page that stands alone, written from stored results."""

from pathlib import Path
from typing import Any

from geosae.experiments import Results
from geosae.report.findings import Finding, findings
from geosae.report.markup import Markup, details, page, table, tag
from geosae.report.numbers import evidence_of, number, plural
from geosae.report.pictures import Card, cards, picture
from geosae.report.studies import families_shown, study_sections
from geosae.report.style import STYLE
from geosae.report.tables import concepts_table, quality_table, shares_table, verdicts_table
from geosae.report.words import CHECKS, NOTIONS_IN_WORDS, QUESTION, method
from geosae.storage.files import read_json, write_atomic

OPEN = ("size-sparsity", "half-planes", "units", "lattice", "baselines")
"""Families of a world in the order of reading; others follow, folded."""
SHOWN = 2
"""So many figures of a family stand open."""


def write_report(folder: str | Path) -> Path:
    """Write FOLDER/report.html from the run's results and drawn figures, and return its path.

    The page holds everything in itself: it loads no file, script or address, and says so in its policy.
    Figures must have been drawn before; where there are none, the page says how.

    Raises
    ------
    InvalidInput
        If the folder holds no results.
    """
    results = load_results(folder)
    drawn = cards(results.folder / "figures")
    title = f"geosae: {results.plan.title}"
    body = [
        _head(results),
        tag(
            "main",
            _question(),
            study_sections(results, drawn),
            _findings(results),
            _method(results),
            [_world(results, world, drawn) for world in results.worlds],
            _checks(results, drawn),
            _reproduce(results),
        ),
        tag("footer", "Written by geosae from stored results; nothing on this page is computed by hand."),
    ]
    path = results.folder / "report.html"
    write_atomic(path, page(title, STYLE, body).encode())
    return path


def _head(results: Results) -> list[Markup]:
    evidence = [e for items in evidence_of(results).values() for e in items]
    held = sum(v["status"] == "holds" for v in results.verdicts)
    tolerance = number(results.plan.tolerance)
    figures = [
        (_share(held, len(results.verdicts)), "theorem checks hold on constructed instances"),
        (_share(sum(e["holds"] for e in evidence), len(evidence)), "bounds hold on the run's SAEs"),
        (
            number(len(results.cells)),
            f"SAEs on {plural(len(results.worlds), 'data set')}, baselines included",
        ),
        (tolerance, "tolerance ε of the three notions"),
    ]
    studied = [("studies", "Studies")] if results.studies else []
    links = [("question", "Question"), *studied, ("found", "Found"), ("method", "Method")]
    links += [(f"world-{i}", world) for i, world in enumerate(results.worlds)]
    links += [("checks", "Theorem checks"), ("reproduce", "Reproduce")]
    return [
        tag(
            "header",
            tag("h1", f"Which concepts does a sparse autoencoder learn? Run “{results.plan.title}”"),
            tag(
                "p", "Learning as set geometry: measured on trained SAEs, held against theorems.", cls="lead"
            ),
            tag(
                "div", [tag("div", tag("b", a), tag("span", b), cls="card") for a, b in figures], cls="cards"
            ),
            _failures(results),
        ),
        tag(
            "nav",
            tag("ul", [tag("li", tag("a", text, href=f"#{anchor}")) for anchor, text in links]),
            aria_label="contents",
        ),
    ]


def _share(part: int, whole: int) -> str:
    return f"all {whole:,}" if part == whole and whole else f"{part:,} of {whole:,}"


def _failures(results: Results) -> Markup:
    if not results.failures:
        return Markup("")
    lines = [tag("li", f"{name}: {why}") for name, why in results.failures.items()]
    return tag(
        "div",
        tag("p", f"{plural(len(lines), 'cell')} failed and missing below:"),
        tag("ul", lines),
        cls="warn",
    )


def _question() -> Markup:
    return tag("section", tag("h2", "The question"), *(tag("p", p) for p in QUESTION), id="question")


def _findings(results: Results) -> Markup:
    found = findings(results)
    parts = [tag("h2", "Prediction and observation")]
    if not found:
        parts.append(tag("p", "This run holds nothing that a prediction speaks about."))
    for world in [*results.worlds, ""]:
        items = [_finding(item) for item in found if item.world == world]
        if items:
            parts += [tag("h3", world or "Statements held against all SAEs of the run"), *items]
    return tag("section", parts, id="found")


def _finding(item: Finding) -> Markup:
    return tag(
        "div",
        tag("b", item.id),
        tag("p", item.prediction),
        tag("p", item.observation),
        tag("span", item.verdict, **({"cls": item.tone} if item.tone else {})),
        cls="finding",
    )


def _method(results: Results) -> Markup:
    items = [tag("li", line) for line in method(results)]
    notions = table(["notion", "holds exactly when", "graded errors"], NOTIONS_IN_WORDS, prose=[1, 2])
    return tag("section", tag("h2", "Method"), tag("ul", items), notions, id="method")


def _world(results: Results, world: str, drawn: list[Card]) -> Markup:
    own = [card for card in _others(drawn) if card.get("world") == world]
    folder = results.folder / "figures"
    shown = [part for family in OPEN for part in _some(folder, [c for c in own if c.get("family") == family])]
    folded = [picture(folder, c) for c in own if c.get("family") not in OPEN]
    if not own:
        shown = [tag("p", "No figures have been drawn yet: run ", tag("code", "geosae figures FOLDER"), ".")]
    concepts = concepts_table(results, world)
    return tag(
        "section",
        tag("h2", f"Data set: {world}"),
        shown,
        details("Shares learned beside the baselines, with intervals", shares_table(results, world)),
        details("Concept by concept in one SAE", concepts) if concepts is not None else "",
        details("Reconstruction and sparsity of every setting", quality_table(results, world)),
        details("Training curves", folded) if folded else "",
        id=f"world-{results.worlds.index(world)}",
    )


def _some(folder: Path, drawn: list[Card]) -> list[Markup]:
    """Show the first figures of a family and fold the others: a world with many gates has dozens."""
    pictures = [picture(folder, card) for card in drawn]
    if len(pictures) <= SHOWN + 1:
        return pictures
    rest = details(f"{plural(len(pictures) - SHOWN, 'more figure')} like these", pictures[SHOWN:])
    return [*pictures[:SHOWN], rest]


def _checks(results: Results, drawn: list[Card]) -> Markup:
    parts = [tag("h2", "Theorem checks"), *(tag("p", p) for p in CHECKS)]
    parts += [tag("p", text, cls="warn") for text in vacuous_verdicts(results)]
    if results.verdicts:
        parts.append(verdicts_table(results))
    else:
        parts.append(tag("p", "This run checked no statement."))
    folder = results.folder / "figures"
    parts += [picture(folder, card) for card in _others(drawn) if not card.get("world")]
    return tag("section", parts, id="checks")


def _others(drawn: list[Card]) -> list[Card]:
    """Return the figures that the studies do not show."""
    return [card for card in drawn if card.get("family") not in families_shown()]


def vacuous_verdicts(results: Results) -> list[str]:
    """Return the warning of S8 for every data set with so few points that separability says little."""
    from geosae.geometry.arrangements.counting import vacuous

    found: list[str] = []
    for world in results.worlds:
        record = next(r for r in results.cells if r["cell"]["world"] == world)
        data = results.dataset(record)
        # Half of the points are held out, and separation is measured there.
        warning = vacuous(data.size // 2, data.dim)
        if warning:
            found.append(f"{world} (S8): {warning}.")
    return found


def _reproduce(results: Results) -> Markup:
    card = results.folder / "run.json"
    run: dict[str, Any] = read_json(card) if card.is_file() else {}
    machine = ", ".join(f"{key} {value}" for key, value in (run.get("machine") or {}).items())
    plan = (results.folder / "plan.toml").read_text(encoding="utf-8")
    folder = results.folder.name
    again, draw, write = (
        tag("code", f"geosae {what}")
        for what in ("run plan.toml --out FOLDER", f"figures {folder}", f"report {folder}")
    )
    lines = [
        tag(
            "li",
            "The same run: ",
            again,
            " with the plan below (plan.toml in the folder); it also resumes a stopped one.",
        ),
        tag("li", "Figures and this page from stored results: ", draw, ", then ", write, "."),
        tag("li", f"Plan {results.plan.key}; every SAE lies under the hash of its configuration in cells/."),
        tag("li", f"Made with: {machine or 'not recorded'}."),
    ]
    if run.get("seconds") is not None:
        lines.append(tag("li", f"The last call of the run took {run['seconds']:,.0f} s."))
    return tag(
        "section",
        tag("h2", "Reproduce"),
        tag("ul", lines),
        details("The plan", tag("pre", tag("code", plan))),
        id="reproduce",
    )
