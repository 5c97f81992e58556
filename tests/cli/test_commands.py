import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import geosae

sys.path.insert(0, str(Path(__file__).parent))
import command
from command import call

HEAVY = ("torch", "matplotlib", "scipy", "numpy")


def test_the_root_is_small_light_and_complete():
    assert len([name for name in geosae.__all__ if not name.startswith("_")]) <= 25
    for name in geosae.__all__:
        assert getattr(geosae, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = geosae.trian
    code = f"import sys, geosae; print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_help_loads_nothing_heavy_and_is_plain():
    code = (
        "import sys; sys.argv = ['geosae', '--help']\nfrom geosae.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print([m for m in {HEAVY} if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout.endswith("[]\n")
    for name in ("run", "worlds", "train", "analyse", "verify", "figures", "report"):
        assert f"\n  {name} " in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "│" not in shown.stdout


REPORT = """
import json, os, sys
from geosae.cli import app
sys.path.insert(0, {experiments!r})


def report():
    import tasks

    print(tasks.threads_here(), os.environ["OMP_NUM_THREADS"])


app.app.command("report-threads")(report)
sys.argv = ["geosae", *{arguments}, "report-threads"]
app.run_app()
"""


@pytest.mark.parametrize(("arguments", "expected"), [([], 1), (["--threads", "2"], 2)])
def test_threads_are_set_once_for_a_command_whatever_the_libraries_were_told(arguments, expected):
    """In a process of its own, with a command that says what it has."""
    code = REPORT.format(experiments=str(Path(__file__).parents[1] / "experiments"), arguments=arguments)
    environment = {**os.environ, "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"[{expected}] {expected}\n", "")


def test_importing_the_library_sets_no_threads():
    code = (
        "import os\n"
        "import numpy, scipy.linalg, torch; from threadpoolctl import threadpool_info\n"
        "def here():\n"
        "    told = [(k, v) for k, v in os.environ.items() if 'THREADS' in k]\n"
        "    return told, torch.get_num_threads(), [i['num_threads'] for i in threadpool_info()]\n"
        "was = here()\n"
        "import geosae, geosae.sae, geosae.analysis, geosae.experiments, geosae.cli.app, geosae.parallel\n"
        "print(was == here())"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("asked", ["0", "1025", "many", "1.5"])
def test_a_wrong_number_of_threads_is_refused(asked, tmp_path: Path, monkeypatch, capsys):
    status, _, err = call(monkeypatch, capsys, "--threads", asked, "worlds", "list")
    assert (status, "--threads" in err) == (2, True)
    monkeypatch.setenv("GEOSAE_THREADS", asked)
    status, _, err = call(monkeypatch, capsys, "worlds", "list")
    assert (status, "GEOSAE_THREADS" in err) == (2, True)


def test_an_sae_is_trained_with_the_threads_of_its_command_and_says_so(tmp_path: Path, monkeypatch, capsys):
    before = os.environ.get("OMP_NUM_THREADS")
    monkeypatch.chdir(tmp_path)
    np.save("points.npy", np.random.default_rng(0).normal(size=(100, 3)))
    command = ("train", "points.npy", "--width", 8, "--set", "steps=2", "--out")

    def threads_of(*arguments: object) -> int:
        status, _, err = call(monkeypatch, capsys, *arguments)
        assert status == 0, err
        return json.loads(Path(str(arguments[-1]), "card.json").read_text())["config"]["threads"]

    assert threads_of(*command, "one") == 1
    assert threads_of("--threads", 2, *command, "two") == 2
    monkeypatch.setenv("GEOSAE_THREADS", "2")
    assert threads_of(*command, "variable") == 2
    assert threads_of(*command[:-1], "--set", "threads=3", "--out", "three") == 3
    assert os.environ.get("OMP_NUM_THREADS") == before


def read_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_from_a_world_to_an_analysis(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = (
        "worlds",
        "make",
        "nested-balls",
        "--points",
        600,
        "--dim",
        2,
        "--set",
        "depth=2",
        "-o",
        "w.npz",
    )
    status, out, _ = call(monkeypatch, capsys, *arguments)
    assert (status, "600 points in dimension 2, 2 concepts" in out) == (0, True)
    arguments = (
        "train",
        "w.npz",
        "--gate",
        "relu",
        "--width",
        8,
        "--l1",
        0.02,
        "--set",
        "steps=40",
        "-o",
        "sae",
    )
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, "stays unexplained (FVU)" in " ".join(out.split()), "40/40" in err) == (0, True, True)
    assert json.loads((tmp_path / "sae/card.json").read_text())["config"]["gate"]["l1"] == 0.02
    status, out, err = call(monkeypatch, capsys, "analyse", "sae", "w.npz", "-o", "analysis")
    assert status == 0
    assert "these very points" in err
    rows = read_rows(tmp_path / "analysis/concepts.csv")
    # Three notions and the greatest F1, three kinds of learner, two concepts.
    assert len(rows) == 4 * 3 * 2
    assert all(float(r["low"]) <= float(r["error"]) <= float(r["high"]) for r in rows if r["high"])
    assert "At tolerance 0.05, " in out
    assert "shuffled labels: 0 and 0; untrained: " in out
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("At tolerance"))
    loaded = geosae.Alignment.load(tmp_path / "analysis/alignment.npz")
    assert loaded.concepts == ("level 1", "level 2")
    context = geosae.FormalContext.read(tmp_path / "analysis/context-separation.csv")
    assert context.incidence.tolist() == loaded.context("separation").incidence.tolist()


def test_analyse_at_two_tolerances_with_names_and_another_split(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    points = np.random.default_rng(0).normal(size=(1000, 3))
    np.save("points.npy", points)
    np.save("m.npy", points[:, :2] > 0)
    Path("names.txt").write_text("right\n\nup $x$\n", encoding="utf-8")
    assert (
        call(monkeypatch, capsys, "train", "points.npy", "--width", 8, "--set", "steps=20", "-o", "sae")[0]
        == 0
    )
    order = ("analyse", "sae", "points.npy", "--membership", "m.npy", "-o", "out")
    options = ("--tolerance", 0.2, "--tolerance", 0.1, "--test-share", 0.6, "--edges", "point")
    status, out, _ = call(monkeypatch, capsys, *order, *options, "--names", "names.txt")
    assert status == 0
    assert out.index("At tolerance 0.1,") < out.index("At tolerance 0.2,")
    assert "up $x$" in out
    loaded = geosae.Alignment.load(Path("out/alignment-0.2.npz"))
    assert (loaded.concepts, loaded.test_points) == (("right", "up $x$"), 600)
    context = geosae.FormalContext.read(Path("out/context-detection-0.1.csv"))
    other = geosae.Alignment.load(Path("out/alignment-0.1.npz")).context("detection", edges="point")
    assert context.incidence.tolist() == other.incidence.tolist()
    assert {row["tolerance"] for row in read_rows(Path("out/concepts.csv"))} == {"0.1", "0.2"}
    Path("names.txt").write_text("one\n", encoding="utf-8")
    status, _, err = call(monkeypatch, capsys, *order, "--names", "names.txt")
    assert (status, "1 names, and there are 2 concepts" in err) == (2, True)
    status, _, err = call(monkeypatch, capsys, *order, "--edges", "certifid")
    assert (status, "'certified'" in err) == (2, True)


def test_training_is_the_same_by_seed(tmp_path: Path, monkeypatch, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(200, 3)))
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ("train", tmp_path / "x.npy", "--width", 8, "--set", "steps=20", "--seed", seed)
        assert call(monkeypatch, capsys, *arguments, "-o", tmp_path / name)[0] == 0
    a, b, c = ((tmp_path / name / "sae.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_one_rare_concept_does_not_stop_the_job_and_points_may_be_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    points = np.random.default_rng(0).normal(size=(300, 2))
    Path("x.csv").write_text("x;y\n" + "".join(f"{x};{y}\n" for x, y in points.tolist()))
    rows = "".join(f"{x > 0:d},0,{i == 0:d}\n" for i, (x, _) in enumerate(points.tolist()))
    Path("m.csv").write_text("=right,never,once\n" + rows)
    train = ("train", "x.csv", "--k", 2, "--width", 8, "--set", "steps=20", "-o", "sae")
    assert call(monkeypatch, capsys, *train)[0] == 0
    order = ("analyse", "sae", "x.csv", "--membership", "m.csv", "-o", "out")
    status, _, err = call(monkeypatch, capsys, *order)
    assert status == 0, err
    assert "the concept 'never' holds no point: nothing can be learned of it" in err
    assert "allow_trivial" not in err
    assert {row["concept"] for row in read_rows(Path("out/concepts.csv"))} == {"'=right", "never", "once"}
    assert geosae.FormalContext.read(Path("out/context-detection.csv")).objects == ("=right", "never", "once")


def test_points_and_membership_of_ones_own(tmp_path: Path):
    """As a user does it: every command in a process of its own."""
    points = np.random.default_rng(0).normal(size=(300, 3))
    np.save(tmp_path / "points.npy", points)
    lines = ["right,up", *(f"{int(x > 0)},{int(y > 0)}" for x, y, _ in points)]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    train = ("train", "points.npy", "--k", 2, "--width", 8, "--set", "steps=20", "-o", "sae")
    assert command.geosae(*train, cwd=tmp_path).returncode == 0
    analyse = ("analyse", "sae", "points.npy", "--membership", "m.csv", "-o", "analysis")
    shown = command.geosae(*analyse, cwd=tmp_path)
    assert shown.returncode == 0
    assert "approximation: " in shown.stdout
    rows = read_rows(tmp_path / "analysis/concepts.csv")
    assert {row["concept"] for row in rows} == {"right", "up"}
    assert "\x1b" not in shown.stdout + shown.stderr
    refused = command.geosae("analyse", "sae", "points.npy", "-o", "b", cwd=tmp_path)
    assert (refused.returncode, "--membership" in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("worlds", "make", "nestd-balls", "-o", "w.npz"), "nearest valid one is 'nested-balls'"),
        (("worlds", "make", "nested-balls", "-o", "w.txt"), "w.npz"),
        (("worlds", "make", "nested-balls", "-o", "w.npz", "--set", "dept=3"), "depth"),
        (("worlds", "make", "nested-balls", "-o", "w.npz", "--set", "depth"), "key=value"),
        (("worlds", "make", "nested-balls", "-o", "w.npz", "--dim", "0"), "dim"),
        (("worlds", "show", "nestd-balls"), "nearest valid one is 'nested-balls'"),
        (("train", "missing.npz", "-o", "s"), "missing.npz"),
        (("train", "missing.npy", "-o", "s"), "missing.npy"),
        (("train", "bad.npy", "-o", "s"), "bad.npy"),
        (("train", "w.csv", "-o", "s"), "there is no file w.csv"),
        (("train", "nan.npy", "-o", "s"), "values in all are not finite"),
        (("train", "x.npy", "-o", "s", "--gate", "topkk"), "nearest valid one is 'topk'"),
        (("train", "x.npy", "-o", "s", "--gate", "relu", "--k", "3"), "not a setting of relu"),
        (("train", "x.npy", "-o", "s", "--k", "9", "--width", "8"), "k = 9"),
        (("train", "x.npy", "-o", "s", "--set", "stps=3"), "'steps'"),
        (("train", "x.npy", "-o", "s", "--width", "none"), "--width"),
        (("train", "x.npy"), "--out"),
        (("analyse", "no-sae", "x.npy", "-o", "a"), "--membership"),
        (("verify", "S55"), "nearest valid one is 'S5'"),
        (("run", "quikstart"), "nearest preset is 'quickstart'"),
        (("run", "missing.toml"), "missing.toml"),
        (("figures", "."), "not the folder of a run"),
        (("report", "."), "not the folder of a run"),
        (("figures", ".", "--format", "jpg"), "png"),
        (("trian",), "trian"),
    ],
)
def test_bad_input_ends_with_a_message_and_status_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.eye(3))
    np.save("nan.npy", np.full((3, 3), np.nan))
    Path("bad.npy").write_text("no numbers")
    status, _, err = call(monkeypatch, capsys, *arguments)
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("*/card.json"))


def test_worlds_are_listed_and_described(monkeypatch, capsys):
    import geosae_synthetic

    status, out, _ = call(monkeypatch, capsys, "worlds", "list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(geosae_synthetic.names())
    status, out, _ = call(monkeypatch, capsys, "worlds", "show", "nested-balls")
    assert (status, "Parameters" in out) == (0, True)


def test_verify_says_a_line_each_and_writes_json(tmp_path: Path, monkeypatch, capsys):
    arguments = ("verify", "S5", "S6", "--instances", 3, "--json", tmp_path / "v.json")
    status, out, _ = call(monkeypatch, capsys, *arguments)
    assert status == 0
    head, _, *lines = out.splitlines()
    columns = ("id", "statement", "instances", "worst slack", "evidence", "control", "verdict", "seconds")
    assert [name in head for name in columns] == [True] * 8
    assert [(line.split()[0], line.split()[-2]) for line in lines[:2]] == [("S5", "holds"), ("S6", "holds")]
    verdicts = json.loads((tmp_path / "v.json").read_text())
    assert [(v["id"], v["status"], v["requested"]) for v in verdicts] == [
        ("S5", "holds", 3),
        ("S6", "holds", 3),
    ]


@pytest.mark.parametrize("how", ["refuted", "broken"])
def test_verify_ends_with_1_if_a_claim_is_refuted_or_its_control_passes(how, monkeypatch, capsys):
    import dataclasses

    import proofs_checks

    claim = proofs_checks.claims()["S5"]
    # A bound that nothing satisfies is refuted; one that everything satisfies lets the controls pass.
    false = (
        claim.reversed(lambda _: True)
        if how == "refuted"
        else dataclasses.replace(
            claim, hypotheses=tuple(dataclasses.replace(h, control=claim.instances) for h in claim.hypotheses)
        )
    )
    monkeypatch.setattr(proofs_checks, "claims", lambda: {"S5": false})
    status, out, err = call(monkeypatch, capsys, "verify", "--instances", 3)
    assert status == 1
    row = out.splitlines()[2].split()
    assert (row[0], row[-2]) == ("S5", how)
    assert "1 of 1 do not hold: S5" in err
