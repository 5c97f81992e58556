"""`geosae concepts`: sets of concepts to ask after, as texts.txt, membership.csv and order.csv."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geosae.cli._console import paragraph, warn

app = typer.Typer(no_args_is_help=True, help="Write sets of concepts: of WordNet, or of single tokens.")


@app.command("wordnet", short_help="Nouns of WordNet and their order.")
def wordnet(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    texts: Annotated[str, typer.Option(help="What stands for a noun: glosses or lemmas.")] = "glosses",
    least: Annotated[int, typer.Option("--min", min=1, help="A concept holds at least so many nouns.")] = 100,
    count: Annotated[int, typer.Option(min=2, help="How many nouns are drawn.")] = 12_000,
    alike: Annotated[
        float, typer.Option(help="From this Jaccard index on, the smaller of two concepts is left out.")
    ] = 0.85,
    wordnet: Annotated[Path, typer.Option(help="The folder with data.noun.")] = Path("/usr/share/wordnet"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
) -> None:
    """Draw nouns of WordNet: texts.txt, membership.csv (a concept is all below a noun) and order.csv."""
    import numpy as np

    from geosae.activations.wordnet import accidental_inclusions, wordnet_concepts
    from geosae.storage.folders import output_folder
    from geosae.validation import refuse_unknown

    refuse_unknown([texts], ("glosses", "lemmas"), "--texts", "wording")
    wording: Any = texts
    concepts = wordnet_concepts(
        wordnet, texts=wording, count=count, least=least, alike=alike, rng=np.random.default_rng(seed)
    )
    with output_folder(out):
        files = concepts.write(out)
    paragraph(
        f"{out}: {len(concepts.texts):,} {texts}, {len(concepts.names)} concepts of at least {least}, "
        f"{len(concepts.order)} pairs of the order ({', '.join(files)})"
    )
    accidental = accidental_inclusions(concepts)
    if accidental:
        warn(f"note: {accidental} inclusions on this sample are not WordNet's")


@app.command("tokens", short_help="What can be read off single tokens.")
def tokens(
    acts: Annotated[Path, typer.Argument(help="A folder of activations of single tokens.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
) -> None:
    """Write membership.csv: first of its text, capitalised, number, punctuation, inside a word."""
    from geosae.activations import open_activations
    from geosae.activations.concepts import token_concepts
    from geosae.storage.folders import output_folder

    concepts = token_concepts(open_activations(acts).check())
    with output_folder(out):
        concepts.write(out)
    sizes = concepts.membership.sum(axis=0).tolist()
    parts = ", ".join(f"{name} {size:,}" for name, size in zip(concepts.names, sizes, strict=True))
    paragraph(f"{out}: {len(concepts.membership):,} tokens: {parts}")
