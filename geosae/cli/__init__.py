"""The command line `geosae`: run plans, train, analyse, verify, convert, draw and report from a shell."""


def main() -> None:
    """Run the command line: bad input ends with its message and status 2, Ctrl-C with status 130."""
    from geosae.cli.app import run_app

    run_app()
