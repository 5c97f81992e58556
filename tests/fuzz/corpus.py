"""What the fuzzer starts from: files of the tests' own makers, so that nothing binary lies in git."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from analysis.planted import random_dataset, random_planted, square
from data.test_dataset_file import make
from figures.made_runs import write_run
from fuzz import shells
from fuzz.foreign_seeds import FEW, FOREIGN, text
from sae.clouds import blobs
from sae.interop.test_reading import OPENAI, OPENAI_TOP

from geosae.analysis import analyse
from geosae.data.dataset import ConceptDataset
from geosae.data.storage import save_dataset
from geosae.geometry.approximation.measures import Gaussian, UniformBall, UniformBox
from geosae.geometry.regions import registry as regions
from geosae.sae.checkpoint import save
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.interop import keep, read
from geosae.sae.training.checkpoint_state import STATE_FILE
from geosae.sae.training.train import train

CONTEXTS = Path(__file__).parent.parent / "fca" / "data"
PRESETS = Path(__file__).parents[2] / "geosae" / "experiments" / "presets"


def members(path: Path, *, whole: bool = False) -> dict[str, Any]:
    """Describe an .npz: texts as JSON (as they are where `whole`), arrays by type, shape and numbers."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    texts: dict[str, Any] = {name: arrays.pop(name).tobytes().decode() for name in ("format", "card")}
    texts = texts if whole else {name: json.loads(each) for name, each in texts.items()}
    return {**texts, **{name: shells.described(array) for name, array in arrays.items()}}


def small_worlds() -> list[ConceptDataset]:
    """One data set with everything, and one for each kind of region, so that each is read back."""
    square_, ball = regions.Box(np.zeros(2), np.ones(2)), regions.Ball(np.zeros(2), 0.5)
    kinds = [
        square_,
        regions.Shell(np.zeros(2), 0.5, 1.0),
        regions.Ellipsoid(np.zeros(2), np.eye(2)),
        regions.Union((ball, square_), disjoint=False),
        regions.Checkerboard(square_.low, square_.high, 2, odd=True),
        regions.Polygon(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])),
    ]
    points = np.array([[0.0, 0.0], [0.5, 0.25], [2.0, 1.0]])
    whole = make()
    measures = (
        UniformBox(np.zeros(2), np.ones(2)),
        UniformBall(np.zeros(2), 1.0),
        Gaussian(np.zeros(2), 1.0),
    )
    inside = np.array([[True], [True], [False]])
    return [whole.take(np.arange(8), allow_trivial=True)] + [
        ConceptDataset(points, inside, ("c",), regions=(kind,), ambient=measures[i % 3])
        for i, kind in enumerate(kinds)
    ]


def datasets(folder: Path) -> list[bytes]:
    seeds: list[bytes] = []
    for world in small_worlds():
        path = save_dataset(world, folder / "a.npz")
        card = json.loads(path.with_suffix(".json").read_text())
        seeds.append(text({"members": members(path), "digest": False}))
        seeds.append(text({"members": members(path, whole=True), "beside": card, "digest": True}))
    return seeds


def alignments(folder: Path) -> list[bytes]:
    rng = np.random.default_rng(1)
    points = rng.uniform(-2, 2, (60, 2))
    inside = np.stack([np.linalg.norm(points, axis=1) <= 1, points[:, 0] > 0], axis=1)
    ambient = UniformBox(np.full(2, -2.0), np.full(2, 2.0))
    ball = ConceptDataset(
        points, inside, ("b", "r"), regions=(regions.Ball(np.zeros(2), 1.0), None), ambient=ambient
    )
    seeds: list[bytes] = []
    for sae, data in ((random_planted(rng, 3, 2), random_dataset(rng, 40, 2, 2)), (square(), ball)):
        alignment = analyse(sae, data)
        alignment.save(folder / "a.npz")
        seeds.append(text({"members": members(folder / "a.npz"), "digest": False}))
        seeds.append(text({"record": alignment.to_dict()}))
    return seeds


def archives(folder: Path) -> list[bytes]:
    path = save_dataset(small_worlds()[1], folder / "a.npz")
    np.savez(folder / "b.npz", points=np.zeros((2, 2)))
    return [path.read_bytes(), (folder / "b.npz").read_bytes()]


def arrays(folder: Path) -> list[bytes]:
    kinds: tuple[Any, ...] = (
        np.arange(6.0).reshape(3, 2),
        np.eye(2, dtype=np.float32),
        np.eye(2, dtype=bool),
        np.zeros((0, 2)),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([["a", "bc"]]),
        np.zeros(2, dtype="f4,i4"),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros((2, 2), dtype=np.float16),
        np.zeros((1, 1), dtype=complex),
    )
    seeds: list[bytes] = []
    for kind in kinds:
        np.save(folder / "x.npy", kind)
        seeds.append((folder / "x.npy").read_bytes())
    return seeds


TABLES = [
    b"0.5,1\n-2e3,3\n",
    b"x;y\n0.5;1\n-2e3;3\n",
    b",x,y\n0,0.5,1\n1,-2e3,3\n",
    "x\ty\n1\t2\n".encode("utf-16"),
    b'sep=;\nleft;right\nyes;no\n"X";.\n',
    b",left,right\n0,1,0\n1,1,1\n2,0,1\n",
    b"\xef\xbb\xbfleft, right\n1,0\n0,1\n",
    b"a|b\r\n1|0\r\n0|1\r\n",
    b"'=a,b\ntrue,false\n",
    b"\xff\xfe\x00\x00a\x00\x00\x00",
]


def checkpoints(folder: Path) -> list[bytes]:
    seeds: list[bytes] = []
    for gate in (TopK(k=2), ReLU(), JumpReLU(), Matryoshka(BatchTopK(k=2))):
        save(train(blobs(count=60), TrainConfig(gate=gate, width=4, steps=4, log_every=2), 7), folder)
        seeds.append(own(folder, "card.json"))
    return seeds


def imported(folder: Path) -> list[bytes]:
    (folder / "in").mkdir(exist_ok=True)
    torch.save(OPENAI_TOP, folder / "in" / "0.pt")
    keep(read(folder / "in"), folder / "kept")
    return [own(folder / "kept", "imported.json")]


def own(folder: Path, card: str) -> bytes:
    """Describe a folder of geosae's own; the hashes of its files are put in again when it is built."""
    from safetensors.torch import load_file

    record = json.loads((folder / card).read_text())
    for place, key in ((record.get("files", {}), name) for name in list(record.get("files", {}))):
        place[key] = "right"
    if "sha256" in record:
        record["sha256"] = "right"
    weights = {
        name: shells.described(each, FEW) for name, each in load_file(folder / "sae.safetensors").items()
    }
    log = (folder / "log.jsonl").read_text() if (folder / "log.jsonl").is_file() else ""
    return text({"card_file": card, "card": record, "tensors": weights, "log": log})


def states(folder: Path) -> list[bytes]:
    from safetensors import safe_open
    from safetensors.torch import load_file

    train(blobs(count=60), TrainConfig(gate=TopK(k=2), width=4, steps=4, log_every=2), 7, folder=folder)
    with safe_open(folder / STATE_FILE, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
        metadata = dict(file.metadata())
    # The generator's state is long and is taken as it is, whatever its bytes.
    tensors = {name: shells.described(each) for name, each in load_file(folder / STATE_FILE).items()}
    return [text({"metadata": {**metadata, "rest": json.loads(metadata["rest"])}, "tensors": tensors})]


def weight_files(folder: Path) -> list[bytes]:
    """Whole files of each kind; the first byte says which."""
    seeds: list[bytes] = []
    for name in ("openai", "saelens", "gemma-scope"):
        spec = json.loads(FOREIGN[name]()[0])
        seeds += [
            bytes([kind]) + built
            for kind, built in enumerate(
                (
                    shells.torch_file(spec["tensors"], spec["entries"]),
                    shells.safetensors_file(spec["tensors"]),
                    shells.npz_file(spec["tensors"]),
                )
            )
        ]
    torch.save(OPENAI, folder / "old.pt", _use_new_zipfile_serialization=False)
    return [*seeds, b"\0" + (folder / "old.pt").read_bytes()]


def contexts(suffix: str) -> Callable[[Path], list[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        from geosae.fca import FormalContext

        made = [path.read_bytes() for path in sorted(CONTEXTS.rglob(f"*{suffix}"))]
        tiny = FormalContext.from_array(np.eye(3, dtype=bool), ["ä", "", "a"], ["m", "=n", "m"])
        tiny.write(folder / f"tiny{suffix}")
        return [*made, (folder / f"tiny{suffix}").read_bytes()]

    return seeds


SWEEP = b"""widths = [16, 32]
seeds = 3
device = "cpu"
[train]
steps = 100
lr = 0.1
[[gates]]
name = "topk"
sparsity = [2, 4]
widths = [8]
[[gates]]
name = "relu"
sparsity = 0.5
"""


def plans(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(PRESETS.glob("*.toml"))]


RUN_FILES = (
    "run.json",
    "plan.toml",
    "summary.json",
    "verdicts.json",
    "result.json",
    "lattice.json",
    "log.jsonl",
    "card.json",
)


def run_folder(folder: Path) -> Path:
    """Write the smallest run there is, once for a whole campaign."""
    whole = folder / "run"
    return whole if whole.is_dir() else write_run(whole, seeds=(0,))


def run_files(folder: Path) -> list[bytes]:
    run, seeds = run_folder(folder), list[bytes]()
    for name in RUN_FILES:
        content = sorted(run.rglob(name))[0].read_text()
        seeds.append(
            text({"file": name, "content": json.loads(content) if name.endswith(".json") else content})
        )
    return seeds


def stored_records(folder: Path) -> list[bytes]:
    specs = [json.loads(seed) for seed in run_files(folder)]
    return [text(spec) for spec in specs if spec["file"].endswith(".json") and spec["file"] != "card.json"]
