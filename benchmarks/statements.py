"""The checks of the statements, measured: time, instances, the audit, and the slopes of A2.

    OMP_NUM_THREADS=1 python benchmarks/statements.py

Writes docs/measured/statements.md.
"""

import platform
import time
from collections import Counter
from datetime import date
from math import exp
from pathlib import Path

import numpy as np
from scipy import stats

from geosae.verification import audit, verify_all
from proofs_checks import claims
from proofs_checks._balls import cap_excess
from proofs_checks.a2_rate import REGRESSED, attained_excess, power_law_counts, regressed

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

`geosae verify --audit --instances {audited}` took {audit_seconds:.0f} s: {caught} of {mutants}
wrong bounds were caught, {by}.

## The exponent of A2

The excess over the unit ball of R^r of m evenly spread tangent half-spaces, regressed on m in
double logarithmic scale. *Plain*: against log m, with the 95 % interval of the regression. It
misses −2/(r−1) in every dimension above 2: m is too small there for the power law. *Corrected*:
against the logarithm of the number of caps for which the pure power law gives the cap bound's
excess at m. Both are about the excess that was found. *Enclosed*: the same slope for the *best*
excess, which lies between the cap bound and the one found, a certified interval. The last column is
the largest ratio of the excess found to the cap bound's: what was found is within that factor of
the best.

| r | m | −2/(r−1) | plain | corrected | enclosed | found / cap bound |
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
        controls=sum(v.controls_refuted for v in verdicts),
        grades=", ".join(f"{name} {count}" for name, count in grades.most_common()),
        alarm=sum(v.false_alarm for v in verdicts),
        audited=AUDITED,
        audit_seconds=end - middle,
        caught=sum(m.caught for m in found_out),
        mutants=len(found_out),
        by=" and ".join(
            f"{count} by {'an' if who[0] in 'aei' else 'a'} {who}" for who, count in by.most_common()
        ),
        slopes="\n".join(row(r) for r in REGRESSED),
    )
    PAGE.write_text(text, encoding="utf-8")


def row(r: int) -> str:
    """Return the line of one dimension."""
    counts = REGRESSED[r]
    excess = np.log([attained_excess(m, r) for m in counts])
    plain = slope(np.log(counts), excess)
    corrected = slope(np.log(power_law_counts(r)), excess)
    low, high = regressed(r)
    most = max(exp(e) / cap_excess(m, r) for e, m in zip(excess, counts, strict=True))
    span, enclosed = ", ".join(str(m) for m in counts), f"[{low:.4f}, {high:.4f}]"
    return f"| {r} | {span} | {-2 / (r - 1):.4f} | {plain} | {corrected} | {enclosed} | {most:.4f} |"


def slope(across: np.ndarray, up: np.ndarray) -> str:
    """Return the least-squares slope with its 95 % interval."""
    fit = stats.linregress(across, up)
    half = stats.t.ppf(0.975, len(up) - 2) * fit.stderr
    return f"{fit.slope:.4f} [{fit.slope - half:.4f}, {fit.slope + half:.4f}]"


if __name__ == "__main__":
    main()
