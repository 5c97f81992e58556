"""A fault at the n-th write of a command, in whichever of its processes that happens (tests/faults).

Python imports this file by its name where its folder is on PYTHONPATH. Without GEOSAE_FAULT it does
nothing. GEOSAE_FAULT is "MODE N FOLDER COUNTER": what happens below FOLDER is counted in the length of
the file COUNTER, over all processes. Counted are opening for writing, fsync, renaming, making a folder. MODE:

    count       nothing fails
    full        the N-th event fails with ENOSPC
    full-from   from the N-th on all fail with ENOSPC
    full-every  every N-th fails with ENOSPC
    readonly    from the N-th on all fail with EROFS
    SIGNAL      the process that comes to the N-th event gets the signal: KILL, TERM, INT
    owner-SIGNAL  the first process of the session, which started the others, gets it
"""

import builtins
import errno
import io
import os
import signal
import sys
from typing import Any

_ENOUGH = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _activate(mode: str, number: int, folder: str, counter: str) -> None:
    below = folder.rstrip("/") + "/"
    open_file, open_descriptor, fsync = io.open, os.open, os.fsync
    replace, mkdir = os.replace, os.mkdir

    def event(path: Any) -> None:
        if not _is_below(path):
            return
        descriptor = open_descriptor(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, b"x")
            ordinal = os.lseek(descriptor, 0, os.SEEK_CUR)
        finally:
            os.close(descriptor)
        _happen(mode, ordinal, number, path)

    def _is_below(path: Any) -> bool:
        try:
            name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        except TypeError:
            return False
        # A lock is no write: nobody loses anything where it cannot be taken.
        return (name + "/").startswith(below) and not name.endswith(".lock")

    def opened(file: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        if isinstance(file, str | bytes | os.PathLike) and set(mode) & set("wax+"):
            event(file)
        return open_file(file, mode, *args, **more)

    def opened_descriptor(path: Any, flags: int, *args: Any, **more: Any) -> int:
        if flags & _ENOUGH:
            event(path)
        return open_descriptor(path, flags, *args, **more)

    def synced(descriptor: int) -> None:
        event(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115
        fsync(descriptor)

    def replaced(source: Any, target: Any, **more: Any) -> None:
        event(target)
        replace(source, target, **more)

    def made(path: Any, *args: Any, **more: Any) -> None:
        event(path)
        mkdir(path, *args, **more)

    io.open, builtins.open = opened, opened  # type: ignore[assignment]
    os.open, os.fsync, os.replace, os.mkdir = opened_descriptor, synced, replaced, made  # type: ignore[assignment]


def _happen(mode: str, ordinal: int, number: int, path: Any) -> None:
    if mode == "count":
        return
    if (
        (mode == "full" and ordinal == number)
        or (mode == "full-from" and ordinal >= number)
        or (mode == "full-every" and ordinal % number == 0)
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if mode == "readonly" and ordinal >= number:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
    if mode.isupper() and ordinal == number:
        os.kill(os.getpid(), signal.Signals[f"SIG{mode}"])
    if mode.startswith("owner-") and ordinal == number:
        os.kill(os.getsid(0), signal.Signals[f"SIG{mode.removeprefix('owner-')}"])


if "GEOSAE_FAULT" in os.environ:
    _mode, _number, _folder, _counter = os.environ["GEOSAE_FAULT"].split()
    _activate(_mode, int(_number), _folder, _counter)
    sys.dont_write_bytecode = True
