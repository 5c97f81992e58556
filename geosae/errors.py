"""What geosae raises when it refuses: every error says what happened, the usual causes, and what to do."""


class InvalidInput(ValueError):  # noqa: N818
    """Input that cannot be used; the message says what happened, likely causes, and what to do.

    Examples
    --------
    >>> raise InvalidInput("points hold 3 NaN values", causes="a failed log", remedy="drop those rows")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: points hold 3 NaN values.
      Likely causes: a failed log.
      What to do: drop those rows.
    """

    def __init__(self, what: str, *, causes: str = "", remedy: str = "") -> None:
        super().__init__(_message(what, causes, remedy))


class CannotWrite(InvalidInput):
    """A full, read-only or broken disk: nothing more can be written there, and more work is in vain."""


class WorkFailed(RuntimeError):  # noqa: N818
    """Work that was begun and could not be ended, such as that of a process that died; the rest is kept."""


class SolverTimedOut(WorkFailed):
    """A numerical solver that did not return within its time limit; it was ended, and there is no answer.

    Examples
    --------
    >>> str(SolverTimedOut("HiGHS", 600.0)).splitlines()[0]
    'HiGHS did not end within 600 seconds, and was stopped.'
    """

    def __init__(self, solver: str, seconds: float) -> None:
        super().__init__(
            _message(
                f"{solver} did not end within {seconds:g} seconds, and was stopped",
                "a problem far larger than usual, a busy machine, or a release of the solver that never ends",
                "use fewer points or neurons, allow more seconds by GEOSAE_SOLVER_SECONDS, or install the "
                "releases of constraints.txt",
            )
        )


def _message(what: str, causes: str, remedy: str) -> str:
    lines = [what.rstrip(".") + "."]
    if causes:
        lines.append(f"  Likely causes: {causes.rstrip('.')}.")
    if remedy:
        lines.append(f"  What to do: {remedy.rstrip('.')}.")
    return "\n".join(lines)
