"""Tasks that tests send to worker processes."""

import os
import time
from pathlib import Path


def touch(path: str) -> None:
    Path(path).touch()


def die(path: str) -> None:
    Path(path).touch()
    os._exit(9)


def sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def threads(path: str) -> None:
    Path(path).write_text(os.environ.get("OMP_NUM_THREADS", ""))


def refuse(path: str) -> None:
    raise RuntimeError(path)
