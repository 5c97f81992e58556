"""One page per statement of the theory, written from its check: what is stated is what is tried."""

from pathlib import Path

import proofs_checks
from geosae.verification import verify

HEAD = """# Statements

Each page is written from the check itself, at the time these pages are built. **A check can refute a statement and cannot
prove it**: that it holds on every instance tried says that no counterexample was met; the proof is the cited
source's. Every check carries a negative control, instances that break one hypothesis and on which the same check
must report a violation; a check whose control passes counts as broken.

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
    rows, entries = [], []
    for claim in proofs_checks.claims().values():
        verdict = verify(claim, instances=20, seed=0)
        (folder / f"{claim.id}.md").write_text(page(claim, verdict), encoding="utf-8")
        rows.append(row(claim, verdict))
        entries.append(claim.id)
    toctree = "\n```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"
    (folder / "index.md").write_text(HEAD + "\n".join(rows) + "\n" + toctree, encoding="utf-8")


def row(claim, verdict):
    """One line of the index."""
    grades = ", ".join(verdict.grades)
    control = f"{verdict.controls_refuted} of {verdict.controls_tried} refuted"
    return (
        f"| [{claim.id}]({claim.id}.md) | {claim.statement} | {claim.kind} | {verdict.tried} "
        f"| {verdict.worst_slack:.3g} | {grades} | {control} | {verdict.status} |"
    )


def page(claim, verdict):
    """Statement, hypotheses, source and what was tried."""
    hypotheses = "\n".join(f"- {line}" for line in claim.hypotheses)
    return f"""# {claim.id}

{claim.statement}

$$
{claim.tex}
$$

**Kind:** {claim.kind}. **Source:** {{cite}}`{claim.source}`.

## Hypotheses

{hypotheses}

## What was tried at this build

{verdict.tried} instances, of which none may violate the statement: worst slack {verdict.worst_slack:.6g}
(evidence: {", ".join(verdict.grades)}). Negative control: {verdict.controls_refuted} of {verdict.controls_tried}
instances with a hypothesis broken were refuted, as all must be. Verdict: **{verdict.status}**.
"""
