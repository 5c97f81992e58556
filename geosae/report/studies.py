"""The report's sections on studies: question, figure, prediction beside observation."""

from collections.abc import Mapping, Sequence

from geosae.experiments import Results
from geosae.report.markup import Markup, tag, with_code
from geosae.report.numbers import plural
from geosae.report.pictures import Card, picture
from geosae.studies.grid_answers import all_answers, verdict_counts
from geosae.studies.registry import STUDIES
from geosae.studies.study import Answer

FIGURES: Mapping[str, tuple[str, ...]] = {
    "grid": ("oracle-gap", "matched-l0", "interpretation"),
    "feasibility": (),
}
"""Study → its families of figures; others have the one of their own name."""
TONES = {"as predicted": "good", "the prediction fails": "bad"}
GRID = (
    "What is possible and what training reaches",
    "How much of what geometry allows does training reach, gate by gate, and does it matter which gate is "
    "used once L0 is equal?",
)


def study_sections(results: Results, drawn: Sequence[Card]) -> list[Markup]:
    """Return a section per study, after one on what the grid itself answers; nothing for a run without."""
    if not results.studies:
        return []
    answers = all_answers(results)
    counts = verdict_counts(answers)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    parts = [
        tag("h2", "Studies"),
        tag(
            "p",
            "Each study asks one question; its answers are read off stored numbers. Their verdicts: "
            f"{told}. “Undecided” means that the interval over seeds holds both answers.",
        ),
    ]
    for name, found in answers.items():
        parts += _section(results, name, found, drawn)
    return [tag("section", parts, id="studies")]


def _section(results: Results, name: str, found: Sequence[Answer], drawn: Sequence[Card]) -> list[Markup]:
    folder = results.folder / "figures"
    families = FIGURES.get(name, (name,))
    pictures = [picture(folder, c) for family in families for c in drawn if c.get("family") == family]
    if name == "grid":
        head = [tag("h3", GRID[0]), tag("p", GRID[1])]
    else:
        study, count = STUDIES[name], len(results.studies.get(name, ()))
        head = [
            tag("h3", study.title),
            tag("p", study.question),
            tag("p", with_code(f"{study.world} {study.grid} {plural(count, 'job')} done."), cls="caption"),
        ]
    return [*head, *pictures, *(_answer(answer) for answer in found)]


def _answer(answer: Answer) -> Markup:
    tone = TONES.get(answer.verdict)
    return tag(
        "div",
        tag("b", answer.id),
        tag("p", answer.prediction),
        tag("p", answer.observation),
        tag("span", answer.verdict, **({"cls": tone} if tone else {})),
        cls="finding",
    )


def families_shown() -> frozenset[str]:
    """Return the families of figures that these sections show, so that no other shows them again.

    Examples
    --------
    >>> "absorption" in families_shown()
    True
    """
    own = {family for name in STUDIES for family in FIGURES.get(name, (name,))}
    return frozenset(own | set(FIGURES["grid"]))
