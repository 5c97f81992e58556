"""The checks of the statements, measured: time, instances, the audit, and the slopes of A2.

    OMP_NUM_THREADS=1 python benchmarks/statements.py

Writes docs/measured/statements.md.
"""

import platform
import time
from collections import Counter
from datetime import date
from math import exp, log
from pathlib import Path

import numpy as np
from scipy import stats

from geosae.verification import audit, verify_all
from proofs_checks import claims
from proofs_checks._balls import cap_excess
from proofs_checks._counting import Distinct, distinct
from proofs_checks.a2_rate import NEAR_SIZES, SLOPE_SIZES, attained_excess, slope_on_m

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "statements.md"
INSTANCES, AUDITED = 200, 20

TEXT = """# Statements, measured

    OMP_NUM_THREADS=1 python benchmarks/statements.py

One run, {day}, {machine}, Python {python}; the machine was shared with other work.

## All checks

`geosae verify` on {instances} instances a statement took {seconds:.0f} s: {statements} statements,
{tried} instances ({least} at least for one statement), all held; {controls} controls, all refuted
as they must be. Grades of evidence, by statement: {grades}. The statistical evidence (A1 in
dimensions 3 to 6: points are drawn and counted) may raise a false alarm with probability
{alarm:.1g} in all; the default run is allowed 1e-6.

Counted by content, labels aside, {distinct} of the instances are distinct, {least_distinct} at least for one
statement; the least part of a statement has {least_part}, and the least set of cases in which its bound
must be attained with equality {least_attained}. The promise is 200, 20 and 20.{exceptions}

Every one of the {hypotheses} hypotheses has controls of its own, {fewest} at least.

`geosae verify --audit --instances {audited}` took {audit_seconds:.0f} s: {caught} of {mutants}
wrong forms were caught ({targets}), {by}.

## The exponent of A2

The excess over the unit ball of R^r of m evenly spread tangent half-spaces. *Found / cap bound* is the
largest ratio of the excess found to the cap bound's: the least excess lies within that factor. *Slope
on m*: of what was found, in double logarithmic scale, with the 95 % interval of the regression; *closed
form*: the cap bound's own slope between the two largest m. Above r = 2 both are steeper than −2/(r−1):
the power law holds for large m. *Enclosed*: the slope on m of the *least* excess, a certified interval,
for m so large that the closed form's own exponent is within 0.02 of its limit; no such m was run for
r = 4, 5.

| r | m | −2/(r−1) | found / cap bound | slope on m | closed form | enclosed |
|---|---|---|---|---|---|---|
{slopes}
"""


def main() -> None:
    """Measure and write the page."""
    start = time.perf_counter()
    verdicts = verify_all(claims(), INSTANCES)
    middle = time.perf_counter()
    found_out = audit(claims(), AUDITED)
    end = time.perf_counter()
    counted = [distinct(claim, INSTANCES) for claim in claims().values()]
    bad = [v.id for v in verdicts if v.status != "holds"]
    if bad:
        raise SystemExit(f"these do not hold: {', '.join(bad)}")
    grades = Counter(" and ".join(v.grades) for v in verdicts)
    by = Counter(m.caught_by for m in found_out)
    text = TEXT.format(
        day=f"{date.today():%d %B %Y}",
        machine=f"2 cores ({platform.machine()})",
        python=platform.python_version(),
        instances=INSTANCES,
        seconds=middle - start,
        statements=len(verdicts),
        tried=sum(v.tried for v in verdicts),
        least=min(v.tried for v in verdicts),
        distinct=sum(c.instances for c in counted),
        least_distinct=min(c.instances for c in counted),
        least_part=min(c.least_part for c in counted),
        least_attained=min(c.least_attained for c in counted if c.least_attained is not None),
        exceptions=exceptions(counted),
        controls=sum(v.controls_refuted for v in verdicts),
        grades=", ".join(f"{name} {count}" for name, count in grades.most_common()),
        alarm=sum(v.false_alarm for v in verdicts),
        hypotheses=sum(len(v.controls) for v in verdicts),
        fewest=min(control.tried for v in verdicts for control in v.controls),
        targets=", ".join(
            f"{target} {count}" for target, count in Counter(m.target for m in found_out).items()
        ),
        audited=AUDITED,
        audit_seconds=end - middle,
        caught=sum(m.caught for m in found_out),
        mutants=len(found_out),
        by=", ".join(
            f"{count} by {'an' if who[0] in 'aei' else 'a'} {who}" for who, count in by.most_common()
        ),
        slopes="\n".join(row(r) for r in NEAR_SIZES),
    )
    PAGE.write_text(text, encoding="utf-8")


def exceptions(counted: list[Distinct]) -> str:
    """Return the statements that have fewer distinct instances than is promised, as a table; "" for none."""
    few = [
        f"| {c.id} | {c.instances} | {c.least_part} | {c.least_attained} |"
        for c in counted
        if c.instances < 200 or c.least_part < 20 or (c.least_attained or 20) < 20
    ]
    head = ["", "", "| short of it | distinct | least part | least attained |", "|---|---|---|---|"]
    return "\n".join([*head, *few]) if few else " No statement falls short of it."


def row(r: int) -> str:
    """Return the line of one dimension."""
    counts = NEAR_SIZES[r]
    excess = np.log([attained_excess(m, r) for m in counts])
    plain = slope(np.log(counts), excess)
    closed = log(cap_excess(counts[-1], r) / cap_excess(counts[-2], r)) / log(counts[-1] / counts[-2])
    most = max(exp(e) / cap_excess(m, r) for e, m in zip(excess, counts, strict=True))
    span, enclosed = ", ".join(str(m) for m in counts), "–"
    if r in SLOPE_SIZES:
        low, high = slope_on_m(r, SLOPE_SIZES[r])
        enclosed = f"[{low:.4f}, {high:.4f}] on {', '.join(str(m) for m in SLOPE_SIZES[r])}"
    return f"| {r} | {span} | {-2 / (r - 1):.4f} | {most:.4f} | {plain} | {closed:.4f} | {enclosed} |"


def slope(across: np.ndarray, up: np.ndarray) -> str:
    """Return the least-squares slope with its 95 % interval."""
    fit = stats.linregress(across, up)
    half = stats.t.ppf(0.975, len(up) - 2) * fit.stderr
    return f"{fit.slope:.4f} [{fit.slope - half:.4f}, {fit.slope + half:.4f}]"


if __name__ == "__main__":
    main()
