"""The command line `geosae`: the roof of the library."""


def main() -> None:
    """Run the command line: bad input ends with its message and status 2, Ctrl-C with status 130."""
    from geosae.cli.app import run_app

    run_app()
