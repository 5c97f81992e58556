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
        lines = [what.rstrip(".") + "."]
        if causes:
            lines.append(f"  Likely causes: {causes.rstrip('.')}.")
        if remedy:
            lines.append(f"  What to do: {remedy.rstrip('.')}.")
        super().__init__("\n".join(lines))


class CannotWrite(InvalidInput):
    """A full, read-only or broken disk: nothing more can be written there, and more work is in vain."""


class WorkFailed(RuntimeError):  # noqa: N818
    """Work that was begun and could not be ended, such as that of a process that died; the rest is kept."""
