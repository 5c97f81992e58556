"""Commands that are disturbed: started, killed, started again, and compared byte for byte with a calm run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOG = "GEOSAE_FAULTS_LOG"
"""Names the file to which each trial adds a line, from which `page` makes the table."""

PLAN = (HERE.parent / "small_plan.toml").read_text(encoding="utf-8")
SWEEP = """
widths = [4, 8]
seeds = 2
[train]
steps = 400
log_every = 40
[[gates]]
name = "topk"
sparsity = [1]
"""

RUN = ("run", "my.toml", "-o", "out", "--no-figures", "--workers", "2")
SWEEPING = ("train", "w.npz", "-o", "out", "--sweep", "sweep.toml", "--workers", "2")
TRAIN = ("train", "w.npz", "-o", "out", "--width", "8", "--set", "steps=1000", "--set", "log_every=40")
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": RUN,
    "train": TRAIN,
    "train --sweep": SWEEPING,
    "figures": ("figures", "out", "--format", "png", "--only", "training,world,size-sparsity"),
    "report": ("report", "out"),
}
NEED_A_RUN = ("figures", "report")

# What depends on the clock or the machine: the card of a run (where, how long it took, how it ended) and the
# times of cells, jobs and checks. Locks are empty files that stay; the system knows who holds one.
APART = ("run.json", ".lock", ".drawing.lock")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, hidden ones too, but those in `APART` and timings."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if path.name not in APART and not path.name.endswith("timing.json")
    }


def base() -> str | None:
    """Where trials lie: in memory where that is possible, so that a disk's fsync does not set the pace."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@dataclass(frozen=True)
class Trials:
    """What the commands read, the output of each undisturbed command, its time and number of writes."""

    folder: Path
    seconds: dict[str, float]
    events: dict[str, int]

    def calm(self, name: str) -> dict[str, bytes]:
        """Return what the command writes where nothing disturbs it."""
        return contents(self.folder / "calm" / name / "out")

    @contextmanager
    def home(self, name: str) -> Iterator[Path]:
        """Hand out a new folder to begin the command in."""
        # A short name: sockets of worker processes lie in TMPDIR, and their names may have 107 characters.
        with tempfile.TemporaryDirectory(prefix="gf", dir=base()) as folder:
            home = Path(folder)
            for file in ("w.npz", "w.json", "my.toml", "sweep.toml"):
                shutil.copy(self.folder / file, home)
            if name in NEED_A_RUN:
                shutil.copytree(self.folder / "calm" / "run" / "out", home / "out")
            (home / "tmp").mkdir()
            yield home


def make_trials(folder: Path) -> Trials:
    """Run each command undisturbed: for its bytes, its time and the number of its writes."""
    (folder / "my.toml").write_text(PLAN)
    (folder / "sweep.toml").write_text(SWEEP)
    (folder / "tmp").mkdir()
    made = finish(
        start(folder, "worlds", "make", "nested-balls", "--points", "400", "--dim", "2", "-o", "w.npz")
    )
    assert made.status == 0, made.stderr
    trials = Trials(folder, {}, {})
    for name, arguments in COMMANDS.items():
        with trials.home(name) as home:
            begun = start(home, *arguments, fault=("count", 0))
            begun.until_main()
            since = time.monotonic()
            ended = finish(begun)
            assert ended.status == 0, ended.stderr
            trials.seconds[name] = time.monotonic() - since
            trials.events[name] = (home / "events").stat().st_size
            shutil.copytree(home / "out", folder / "calm" / name / "out")
    return trials


@dataclass(frozen=True)
class Started:
    """A command in a process group and session of its own, as a shell starts it."""

    process: subprocess.Popen[str]
    home: Path

    def until_main(self) -> None:
        """Wait until Python has started and geosae begins: what comes before is not ours."""
        until(lambda: (self.home / "ready").exists() or self.process.poll() is not None)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


MAIN = "import pathlib, sys; from geosae.cli import command; pathlib.Path('ready').touch(); command()"


def start(
    home: Path, *arguments: object, fault: tuple[str, int] | None = None, tmp: Path | None = None
) -> Started:
    """Start a geosae command in a folder; `fault` is what the layer does, and at which event."""
    (home / "ready").unlink(missing_ok=True)
    (home / "events").unlink(missing_ok=True)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "TERM": "dumb",
        "TMPDIR": str(tmp or home / "tmp"),
        "PYTHONPATH": os.pathsep.join(map(str, (HERE / "layer", ROOT, ROOT / "synthetic"))),
    }
    environment.pop("GEOSAE_FAULT", None)
    if fault is not None:
        environment["GEOSAE_FAULT"] = f"{fault[0]} {fault[1]} {home / 'out'} {home / 'events'}"
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    with (home / "stdout").open("w") as out, (home / "stderr").open("w") as err:
        # Into files: a pipe would not end before the last process that was left behind.
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdout=out, stderr=err, text=True, start_new_session=True
        )
    return Started(process, home)


def finish(started: Started, seconds: float = 240) -> Ended:
    """Wait for a command, and for every process that it started."""
    status = started.process.wait(timeout=seconds)
    until(lambda: not session(started.process.pid))
    home = started.home
    return Ended(status, (home / "stdout").read_text(), (home / "stderr").read_text())


def session(leader: int) -> list[int]:
    """Return the living processes of a session."""
    living: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # After the name, which may hold anything: state, parent, group, session.
                state, _, _, leader_of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except (OSError, ValueError):
                continue
            if int(leader_of) == leader and state not in "ZX":
                living.append(int(entry.name))
    return living


def workers(leader: int) -> list[int]:
    """Return the processes of a session that do its tasks: forked from the server, which runs no tasks."""
    parents: dict[int, int] = {}
    for pid in session(leader):
        try:
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return [pid for pid, parent in parents.items() if parent not in (leader, os.getpid()) and pid != leader]


def until(condition, seconds: float = 60) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def check_whole(trials: Trials, name: str, home: Path) -> None:
    """Compare with the undisturbed command, and look for what was left behind.

    Where kill -9 took all processes at once, nobody could remove the folder of Python's socket (`pymp-…`).
    """
    calm, now = trials.calm(name), contents(home / "out")
    assert sorted(now) == sorted(calm)
    assert [path for path in calm if now[path] != calm[path]] == []
    everyone_killed = (home / "everyone killed").exists()
    left = [path.name for path in (home / "tmp").iterdir()]
    assert [each for each in left if not (everyone_killed and each.startswith("pymp-"))] == []


def complete(trials: Trials, name: str, home: Path) -> None:
    """Let the same command run undisturbed, and compare."""
    ended = finish(start(home, *COMMANDS[name]))
    assert ended.status == 0, ended.stderr
    check_whole(trials, name, home)


def record(**entries: object) -> None:
    """Add a line to the log of the campaign, where there is one."""
    if LOG in os.environ:
        with Path(os.environ[LOG]).open("a") as file:
            file.write(json.dumps(entries) + "\n")


def send(started: Started, how: str, to_all: bool) -> None:
    """Send a signal to the command alone, or to all of its processes as a terminal does."""
    number = signal.Signals[f"SIG{how}"]
    if to_all and how == "KILL":
        (started.home / "everyone killed").touch()
    try:
        (os.killpg if to_all else os.kill)(started.process.pid, number)
    except ProcessLookupError:
        return
