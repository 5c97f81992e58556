"""The command line `geosae`: run plans, train, analyse, verify, convert, draw and report from a shell."""

import _thread
import signal
import sys
import threading
import time
from types import FrameType

STOPPED = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as shells have it."""


def main() -> None:
    """Run the command line: bad input ends with its message and status 2, Ctrl-C with status 130.

    SIGTERM, which clusters and `kill` send, stops like Ctrl-C, with status 143: what is finished is kept,
    worker processes end, and the same command goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        _run()
        return
    terminated: list[int] = []
    unraised = sys.unraisablehook

    def stop(number: int, _: FrameType | None) -> None:
        terminated.append(number)
        raise KeyboardInterrupt

    def hear_again(dropped: "sys.UnraisableHookArgs") -> None:
        # Where an object is freed Python drops exceptions, a stop too, which would then be lost.
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            _thread.start_new_thread(_interrupt_soon, ())
        else:
            unraised(dropped)

    before = signal.signal(signal.SIGTERM, stop)
    sys.unraisablehook = hear_again
    try:
        _run()
    except SystemExit as ended:
        if terminated and ended.code == STOPPED:
            sys.exit(128 + terminated[0])
        raise
    finally:
        sys.unraisablehook = unraised
        signal.signal(signal.SIGTERM, before)


def _interrupt_soon() -> None:
    time.sleep(0.01)
    if hasattr(signal, "pthread_kill"):
        # To the main thread itself, so that a call it waits in ends.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _run() -> None:
    try:
        from geosae.cli.app import run_app

        run_app()
    except KeyboardInterrupt:
        sys.stderr.write("geosae: stopped\n")
        sys.exit(STOPPED)


def command() -> None:
    """Run the command line as a program of its own, which ends with it."""
    try:
        main()
    finally:
        # How it ends is decided: what comes now must not tear Python's own clean-up.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
