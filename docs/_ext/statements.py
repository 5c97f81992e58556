"""One page per statement of the theory, written from its check: what is stated is what is tried."""

import inspect
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

import proofs_checks
from geosae.figures import bound_vs_observed, save
from geosae.verification import SENSE, audit, part_of, verify

INSTANCES = 20
AUDITED = 5

AUDIT = """# The audit of the checks

A check that cannot fail is worth nothing. Here every check is made wrong in four ways. *Bounds* are shifted by one where
they are integers, scaled where they are real, turned round, or replaced by a wrong formula. *Observations* are always the
same, or simply what the bound says. *Predicates* that a check calls, its own and those it shares with others, answer
always yes, or always no. *Instances*: a hypothesis is dropped, so that what breaks it counts as an instance; or one
instance comes over and over. Each wrong form must be caught: by an instance that violates it, by a control that passes
it, or (predicates and instances) by the check's refusal to go on ("error").
Again: `geosae verify --audit --instances {instances}`.

{caught} of {tried} wrong forms were caught when this page was built: {targets}.

| id | wrong form | of | caught by |
|---|---|---|---|
{rows}
"""

HEAD = """# Statements

Each page is written from the check itself, at the time these pages are built. **A check can refute a statement and cannot
prove it**: that it holds on every instance tried says that no counterexample was met; the proof is sketched, or is
the cited source's. Every hypothesis of a check carries negative controls, instances that break it and on which the same
check must report a violation; a check whose control passes counts as broken. The checks themselves are
[audited](audit.md).

| id | statement | kind | instances | worst slack | evidence | control | verdict |
|---|---|---|---|---|---|---|---|
"""


def setup(app):
    """Write the pages before Sphinx reads its sources."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}


def write_pages(app):
    """Run every check on a few instances and write its page and a row of the index."""
    folder = Path(app.srcdir) / "generated" / "statements"
    folder.mkdir(parents=True, exist_ok=True)
    claims = proofs_checks.claims()
    rows = []
    for claim in claims.values():
        verdict = verify(claim, instances=INSTANCES, seed=0)
        save(picture(claim), folder / claim.id, ("png",))
        (folder / f"{claim.id}.md").write_text(page(claim, verdict), encoding="utf-8")
        rows.append(row(claim, verdict))
    (folder / "audit.md").write_text(audit_page(claims), encoding="utf-8")
    toctree = "\n```{toctree}\n:hidden:\n\n" + "\n".join([*claims, "audit"]) + "\n```\n"
    (folder / "index.md").write_text(HEAD + "\n".join(rows) + "\n" + toctree, encoding="utf-8")


def plain(text):
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\*_|<>\[\]$`])", r"\\\1", text)


def slack(verdict):
    """The worst slack in four digits."""
    return "none" if verdict.worst_slack is None else f"{verdict.worst_slack:.4g}"


def row(claim, verdict):
    """One line of the index."""
    control = f"{verdict.controls_refuted} of {verdict.controls_tried} refuted"
    return (
        f"| [{claim.id}]({claim.id}.md) | {plain(claim.statement)} | {claim.kind} | {verdict.tried} "
        f"| {slack(verdict)} | {', '.join(verdict.grades)} | {control} | {verdict.status} |"
    )


def picture(claim):
    """Draw observed values against the bound, instances and controls, a panel for each part of the statement."""
    rng = np.random.default_rng(0)
    panels, senses = {}, {}
    for make in (claim.instances, *(hypothesis.control for hypothesis in claim.hypotheses)):
        for case in make(INSTANCES, rng):
            name = f"{claim.id} {part_of(case)}".strip()
            panels.setdefault(name, []).append(claim.check(case))
            # Where some instances of a part attain equality, the panel is of the inequality that all satisfy.
            if senses.get(name, "==") == "==":
                senses[name] = SENSE[claim.observe(case).kind or claim.kind]
    return bound_vs_observed({}, constructed=panels, senses=senses, columns=3)


def audit_page(claims):
    """Every wrong form of every check and who caught it."""
    mutations = audit(claims, AUDITED, 0)
    rows = "\n".join(f"| {m.id} | {plain(m.mutant)} | {m.target} | {m.caught_by} |" for m in mutations)
    counts = Counter(m.target for m in mutations)
    targets = ", ".join(f"{target} {count}" for target, count in counts.items())
    caught = sum(m.caught for m in mutations)
    return AUDIT.format(instances=AUDITED, caught=caught, tried=len(mutations), targets=targets, rows=rows)


def page(claim, verdict):
    """Statement, hypotheses, source, the argument in words, and what was tried."""
    hypotheses = "\n".join(
        f"- {plain(control.hypothesis)} ({control.refuted} of {control.tried} controls that break it refuted)"
        for control in verdict.controls
    )
    module = claim.observe.__module__
    # The first line of the docstring repeats the statement; the rest is the argument.
    argument = "\n".join(inspect.cleandoc(sys.modules[module].__doc__).splitlines()[1:])
    return f"""# {claim.id}

{plain(claim.statement)}

$$
{claim.tex}
$$

**Kind:** {claim.kind}. **Source:** {{cite}}`{claim.source}`. **Check:** `{module.replace(".", "/")}.py`.

## Hypotheses

{hypotheses}

## The argument

{plain(argument)}

## What was tried when this page was built

{verdict.tried} instances; worst slack {slack(verdict)} (evidence: {", ".join(verdict.grades)}). Negative control:
{verdict.controls_refuted} of {verdict.controls_tried} instances with a hypothesis broken were refuted, as all must be.
Verdict: **{verdict.status}**. Again: `geosae verify {claim.id} --instances {INSTANCES} --seed 0`.

```{{figure}} {claim.id}.png
:alt: Observed values against the bound of {claim.id}.

Observed against bound, a panel for each part of the statement: constructed instances (purple diamonds) and
negative controls, which must violate the bound (red crosses; where nothing is shaded, equality is claimed).
```
"""
