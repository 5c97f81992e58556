"""`geosae bench`: the frozen benchmark: list it, make its files, score an SAE on it, compare scores."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, paragraph, say, table, warn

if TYPE_CHECKING:
    from geosae.benchmark.files import Benchmark
    from geosae.benchmark.score import ScoreCard

app = typer.Typer(
    help="geosae-bench-1: frozen sets of concepts with known truth, and a score for any SAE.",
    no_args_is_help=True,
)
SizeOption = Annotated[str, typer.Option(help="The size: s, m or l.")]


@app.command("list", short_help="List the settings.")
def list_settings(size: SizeOption = "s") -> None:
    """List the settings: dimension, parameters, and what each asks."""
    from geosae.benchmark.settings import POINTS, SETTINGS

    chosen = checked_size(size)
    for each in SETTINGS.values():
        params = {key: value for key, value in each.sizes[chosen].items() if key != "dim"}
        dim = each.sizes[chosen].get("dim")
        where = f"{each.world}{'' if dim is None else f', n = {dim}'}"
        more = "".join(f", {key} {value}" for key, value in params.items())
        paragraph(f"{each.name:17} {each.asks}", " " * 18)
        paragraph(f"{'':17} {where}{more}", " " * 18)
    train, fit, test = POINTS[chosen]
    say()
    paragraph(
        f"Size {chosen}: {train:,} points to train on, {fit:,} to choose neurons and units by, {test:,} to "
        "judge them on (digits: 1,797 in all). `geosae bench make NAME` writes them, with what theory says "
        "is possible of every concept."
    )


@app.command("make", short_help="Write the files of a setting.")
def make(
    name: Annotated[str, typer.Argument(help="A setting of `geosae bench list`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    size: SizeOption = "s",
) -> None:
    """Write a setting as .npy, .csv and .json that need no geosae, and say whether the bytes are released."""
    from geosae.benchmark.files import make_files
    from geosae.benchmark.settings import setting
    from geosae.cli.sources import make_world

    chosen = setting(name)
    card = make_files(chosen, checked_size(size), out, make_world)
    rows = [
        [
            row.concept, str(row.test_points), row.separable,
            {True: "yes", False: "no", None: "–"}[row.nameable],
            "–" if row.irreducible_error is None else number(row.irreducible_error, 2),
            number(row.always, 2),
        ]
        for row in card.possible[:MOST_LISTED]
    ]  # fmt: skip
    say(f"{card.name}: {card.asks}")
    table(["concept", "points", "separable", "nameable", "e_irr", "always"], rows)
    if len(card.possible) > MOST_LISTED:
        say(f"… {len(card.possible)} concepts in all: card.json")
    say("separable: by a neuron (S1), a unit (S3) or neither, on these points; nameable: S10;")
    say("always: the separation error of a neuron that always fires (silence has 1).")
    few = sum(row.test_points < row.needed for row in card.possible)
    if few:
        say(f"{few} of {len(card.possible)} concepts have too few points to be certified (E5).")
    _say_released(card.name, card.hash)
    say(f"written to {out}")


MOST_LISTED = 20


@app.command("score", short_help="Score an SAE on a setting.")
def score(
    sae: Annotated[
        Path, typer.Argument(help="An SAE: ours, any format of `convert`, or W_enc.npy, b_enc.npy, …")
    ],
    setting: Annotated[str, typer.Argument(help="A setting by name, or the folder of its files.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for score.json.")],
    size: SizeOption = "s",
    k: Annotated[int | None, typer.Option(min=1, help="Plain arrays: a Top-K gate; ReLU without.")] = None,
    label: Annotated[
        str | None, typer.Option("--name", help="The name on the card; the path's by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of permuted labels and of the SAEs beside.")] = 0,
) -> None:
    """Judge an SAE on held-out points, beside untrained, frozen, shuffled, planted and supervised ones."""
    from geosae.benchmark.score import score as score_sae
    from geosae.benchmark.table import SCORE_FILE
    from geosae.storage.folders import output_folder
    from geosae.storage.structure import write_record

    chosen = checked_size(size)
    candidate, digest = _read_sae(sae, k)
    with _benchmark(setting, chosen) as benchmark, output_folder(out):
        with bar("arms") as progress:
            card = score_sae(
                candidate,
                benchmark,
                name=label or sae.resolve().name,
                sae_hash=digest,
                seed=seed,
                progress=progress,
            )
        write_record(out / SCORE_FILE, card)
        _print_card(card)
        if not card.released:
            warn("note: these bytes are not those of the release; the score is comparable with none")
    say(f"written to {out / SCORE_FILE}")


def _read_sae(path: Path, k: int | None) -> tuple[Any, str]:
    from geosae.benchmark.plain_arrays import NAMES, is_plain_arrays, read_plain_arrays
    from geosae.errors import InvalidInput
    from geosae.sae.interop import read
    from geosae.storage.files import content_hash, file_hash

    if is_plain_arrays(path):
        digest = content_hash(*(file_hash(path / f"{name}.npy") for name in NAMES))
        return read_plain_arrays(path, k), digest
    if k is not None:
        raise InvalidInput("--k is for plain arrays; this SAE brings its own gate", remedy="leave --k out")
    imported = read(path)
    return imported, content_hash(*(f"{name} {digest}" for name, digest in imported.source.files))


@contextmanager
def _benchmark(setting: str, size: Any) -> "Generator[Benchmark]":
    """Hand out a setting's files: those of a folder, or made anew for this one score."""
    from geosae.benchmark.files import CARD, load_benchmark, make_files
    from geosae.benchmark.settings import setting as named_setting
    from geosae.cli.sources import make_world

    if (Path(setting) / CARD).is_file():
        yield load_benchmark(Path(setting))
        return
    chosen = named_setting(setting)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "files"
        make_files(chosen, size, folder, make_world)
        yield load_benchmark(folder)


def _print_card(card: "ScoreCard") -> None:
    say(f"{card.sae} on {card.benchmark}, tolerance {card.tolerance:g}:")
    rows = [
        [
            arm, *(number(value, 2) for value in (
                each.numbers.l0, each.numbers.fvu, each.numbers.separated_by_neurons,
                each.numbers.separated_by_units, each.numbers.least_of_units, each.numbers.f1_of_units,
                each.numbers.mcc, each.numbers.lattice_recall, each.numbers.implication_gain,
            )),
        ]
        for arm, each in card.arms.items()
        if not each.missing
    ]  # fmt: skip
    table(["", "L0", "FVU", "neurons", "units", "s⁺", "F1", "MCC", "extents", "rules"], rows)
    say("neurons, units: share of concepts certified as separated; s⁺, F1: of units; every")
    say("number with its formula: score.json")
    for arm, each in card.arms.items():
        if each.missing:
            paragraph(f"{arm}: none ({each.missing})", "  ")


@app.command("table", short_help="Put score cards side by side.")
def table_of(
    cards: Annotated[list[Path], typer.Argument(help="Folders with a score.json, or the files.")],
    csv: Annotated[Path | None, typer.Option(help="Write all numbers, with intervals, as CSV.")] = None,
    latex: Annotated[Path | None, typer.Option(help="Write a LaTeX table (booktabs).")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page.")] = None,
) -> None:
    """Print a row for each setting, SAE and arm; cards of one SAE become means with intervals."""
    from geosae.benchmark.table import flat, read_cards, score_table
    from geosae.report.benchmark_page import SHOWN, benchmark_latex, benchmark_page
    from geosae.report.exports import to_csv
    from geosae.storage.files import check_output_file, write_atomic

    for file in (csv, latex, page):
        check_output_file(file)
    rows = score_table(read_cards(cards))
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        say(f"{benchmark}:")
        lines = [
            [f"{row.sae[:14]}", row.arm[:14], *(number(row.numbers[name].mean, 2) for name in SHOWN)]
            for row in rows
            if row.benchmark == benchmark and not row.missing
        ]
        table(["SAE", "arm", *SHOWN.values()], lines)
        say()
    for file, text in (
        (csv, to_csv(flat(rows))),
        (latex, benchmark_latex(rows)),
        (page, benchmark_page(rows)),
    ):
        if file is not None:
            write_atomic(file, text.encode())
            say(str(file))


def checked_size(size: str) -> Any:
    """Return the size; another word is refused."""
    from geosae.benchmark.settings import SIZES
    from geosae.validation import refuse_unknown

    refuse_unknown([size], SIZES, "--size", "size")
    return size


def _say_released(name: str, digest: str) -> None:
    from geosae.benchmark.released import RELEASED

    if name not in RELEASED:
        say(f"hash {digest[:16]}…; no hash of {name} is released")
    elif RELEASED[name] == digest:
        say(f"hash {digest[:16]}…: the bytes of the release")
    else:
        warn(f"hash {digest[:16]}…: NOT the bytes of the release ({RELEASED[name][:16]}…)")
