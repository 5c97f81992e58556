"""The commands, gathered; each imports what it needs when it is called, so that --help answers at once."""

import atexit
import sys
from contextlib import ExitStack

import typer

from geosae.cli import (
    acts,
    analyse,
    bench,
    concepts,
    convert,
    data,
    examples,
    explore,
    lattice,
    replicate,
    run,
    train,
    verify,
    worlds,
)
from geosae.cli import run as redraw
from geosae.parallel import MOST_THREADS, using_threads

app = typer.Typer(
    name="geosae",
    add_completion=False,
    help="Geometric analysis of concept learning in sparse autoencoders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("run", short_help="Run a preset or a plan of your own.")(run.run)
app.command("replicate", short_help="Compare two runs of a plan on different seeds.")(replicate.replicate)
app.add_typer(worlds.app, name="worlds", short_help="List, show and make worlds.")
app.command("acts", short_help="Collect the activations of a model of yours.")(acts.acts)
app.add_typer(concepts.app, name="concepts", short_help="Sets of concepts: WordNet, tokens.")
app.command("data", short_help="Make one data set of points and concepts.")(data.data)
app.command("train", short_help="Train one sparse autoencoder.")(train.train)
app.command("analyse", short_help="Grade what an SAE has learned of concepts.")(analyse.analyse)
app.command("examples", short_help="Show what a neuron fires on.")(examples.examples)
app.add_typer(bench.app, name="bench", short_help="The frozen benchmark: make, score, compare.")
app.command("convert", short_help="Read an SAE of another library, write it anew.")(convert.convert)
app.command("lattice", short_help="Build the concept lattice of a context file.")(lattice.lattice)
app.command("verify", short_help="Try to refute the statements of the theory.")(verify.verify)
app.command("figures", short_help="Redraw the figures of a run.")(redraw.figures)
app.command("explore", short_help="Look at a run in one page that opens offline.")(explore.explore)
app.command("report", short_help="Write the report of a run.")(redraw.report)


def _version(value: bool) -> bool:
    if value:
        from geosae._version import __version__

        typer.echo(f"geosae {__version__}")
        raise typer.Exit
    return value


_command = ExitStack()
"""What is set for one command and put back at its end."""
# Who calls `app` itself, as typer's own runner of tests does, puts it back at the next command or the end.
atexit.register(_command.close)


@app.callback()
def root(
    threads: int = typer.Option(
        1,
        min=1,
        max=MOST_THREADS,
        envvar="GEOSAE_THREADS",
        help="Threads of numerical libraries in this process; worker processes use one each.",
    ),
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Geometric analysis of concept learning in sparse autoencoders."""
    # Before any of these libraries is loaded: commands import what they need when they are called.
    _command.close()
    _command.enter_context(using_threads(threads))


def run_app() -> None:
    """Run the application; what is refused or fails is shown without a traceback."""
    try:
        with _command:
            app(prog_name="geosae")
    except ValueError as error:
        from geosae.errors import InvalidInput

        if not isinstance(error, InvalidInput):
            raise
        sys.stderr.write(f"geosae: {error}\n")
        sys.exit(2)
    except RuntimeError as error:
        from geosae.errors import WorkFailed

        if not isinstance(error, WorkFailed):
            raise
        sys.stderr.write(f"geosae: {error}\n")
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"geosae: {where}{error.strerror or error}\n")
        sys.exit(2)
