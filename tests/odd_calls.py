"""A valid call of every public function and class, for tests/odd_arguments.py; what has none, and why.

A call is written as a function that makes its arguments afresh: generators are consumed and arrays could be
written to. Names are those of docs/api.md: the package that hands the name out first, and the name.
"""

import itertools
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import geosae_synthetic
import numpy as np
from activations import letters
from benchmark_folders import benchmark_of, folder_of

import geosae
import proofs_checks
from geosae import activations as acts
from geosae import benchmark, experiments, figures, verification
from geosae.analysis.alignment import Alignment
from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.explorer import ExploreData
from geosae.fca import ConceptLattice, FormalContext, nested
from geosae.geometry import Ball, Box, Checkerboard, Gaussian, HalfSpaces, Shell, UniformBall, UniformBox
from geosae.sae import ReLU, TopK, TrainConfig
from geosae.sae.interop import LayerNorm
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source
from geosae.sae.training.train import TrainedSAE
from geosae.storage.structure import write_record

Arguments = Mapping[str, Any]
FOLDER = Path(tempfile.mkdtemp(prefix="odd-calls-"))
_numbers = itertools.count()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def cloud(rows: int = 12, columns: int = 2, shift: float = 0.0) -> np.ndarray:
    """Points on a grid of eighths: float16 and float32 hold them."""
    return np.round(np.random.default_rng(rows).normal(size=(rows, columns)) * 8) / 8 + shift


def mask(rows: int = 12, columns: int = 2) -> np.ndarray:
    return np.random.default_rng(rows + 1).random((rows, columns)) < 0.5


def fresh(suffix: str = "") -> Path:
    return FOLDER / f"new-{next(_numbers)}{suffix}"


@cache
def collected() -> Path:
    return acts.collect(letters.Letters(), letters.WORDS, fresh()).folder


@cache
def dataset() -> ConceptDataset:
    points = cloud(120)
    return ConceptDataset(points, points > 0.25, ("right", "high"))


@cache
def plain_arrays() -> Path:
    folder = fresh()
    folder.mkdir()
    arrays = {"W_enc": cloud(4), "b_enc": np.zeros(4), "W_dec": cloud(4), "b_dec": np.zeros(2)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


@cache
def score_card() -> Path:
    file = fresh(".json")
    write_record(file, benchmark.score(benchmark.read_plain_arrays(plain_arrays()), benchmark_of("ring")))
    return file


@cache
def trained(seed: int = 0) -> TrainedSAE:
    return geosae.train(dataset().points, TrainConfig(ReLU(0.03), 6, steps=3), seed)


@cache
def neurons() -> Any:
    return geosae.neurons_of(trained().sae)


@cache
def alignment() -> Alignment:
    return geosae.analyse(neurons(), dataset(), geosae.AnalysisConfig(floor=False, tolerance=0.3))


@cache
def imported() -> Imported:
    return Imported(trained().sae, NONE, Source("geosae", "relu"))


def context() -> FormalContext:
    table = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    return FormalContext(("a", "b", "c", "d"), ("x", "y", "z"), table)


@cache
def lattice() -> ConceptLattice:
    return geosae.concept_lattice(context())


@cache
def plan(seed: int = 0) -> experiments.Plan:
    worlds = (experiments.WorldEntry("w", "disjoint-balls", {"points": 300, "dim": 2, "concepts": 2}),)
    gates = (experiments.GateEntry("topk", (1,)),)
    return experiments.Plan(
        "odd", worlds, gates, (4,), (2 * seed, 2 * seed + 1), baselines=(), train={"steps": 2},
        analysis={"ambient_samples": 100, "floor": False}, checks=experiments.CheckEntry(("S5",), 2),
    )  # fmt: skip


def make_world(name: str, params: Mapping[str, Any], generator: np.random.Generator) -> ConceptDataset:
    params = dict(params)
    return geosae_synthetic.make(
        name, points=params.pop("points"), dim=params.pop("dim"), rng=generator, **params
    )


def two_claims() -> dict[str, verification.Claim[Any]]:
    return {name: proofs_checks.claims()[name] for name in ("S5", "G3")}


@cache
def executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


@cache
def run_folder(seed: int = 0) -> Path:
    out = FOLDER / f"run-{seed}"
    geosae.run(plan(seed), out, make_world=make_world, claims=two_claims, workers=1)
    return out


@cache
def results(seed: int = 0) -> experiments.Results:
    return geosae.load_results(run_folder(seed))


@cache
def stored(kind: str) -> Path:
    path = FOLDER / f"stored-{kind}"
    if kind == "sae":
        geosae.save(trained(), path)
    elif kind == "saelens":
        from geosae.sae.interop import write_saelens

        write_saelens(trained().sae, path)
    else:
        path = geosae.save_dataset(dataset(), path.with_suffix(".npz"))
    return path


def evidence() -> verification.Evidence:
    return verification.Evidence("one", 2.0, 3.0, 1.0, True, "exact")


def verdict() -> verification.Verdict:
    return verification.verify(proofs_checks.claims()["S5"], 2)


def coded() -> dict[str, Any]:
    codes = Codes.from_mask(mask(12, 3), np.abs(cloud(12, 3)))
    return {"codes": codes, "points": cloud(12), "decoder": cloud(3)}


def case() -> Any:
    return next(iter(proofs_checks.claims()["S5"].instances(2, rng())))


def figure() -> Any:
    return figures.lattice_diagram(lattice())


def box() -> UniformBox:
    return UniformBox(np.full(2, -2.0), np.full(2, 2.0))


def diagram() -> figures.Diagram:
    return figures.Diagram(np.array([[0.0, 0.0], [0.0, 1.0]]), [(0, 1)], [["a"], ["b"]], [["c"], ["d"]])


def halfspaces() -> HalfSpaces:
    return HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), np.array([1.0, 1.0, 1.0]))


CALLS: dict[str, Callable[[], Arguments]] = {
    # The root.
    "geosae.AnalysisConfig": dict,
    "geosae.ConceptDataset": lambda: {
        "points": cloud(), "membership": mask(), "names": ("a", "b"), "directions": cloud(2), "seed": 3,
        "regions": (Ball(np.zeros(2), 1.0), None), "ambient": box(), "allow_trivial": True,
    },
    "geosae.FormalContext": lambda: {
        "objects": ("a", "b"), "attributes": ("x", "y"), "incidence": np.array([[1, 0], [1, 1]], dtype=bool)
    },
    "geosae.ReLU": dict,
    "geosae.TopK": lambda: {"k": 2, "aux_k": 3},
    "geosae.TrainConfig": lambda: {"gate": TopK(2), "width": 8, "clip": 1.0, "target_fvu": 0.5},
    "geosae.analyse": lambda: {
        "sae": neurons(), "dataset": dataset(), "config": geosae.AnalysisConfig(floor=False)
    },
    "geosae.concept_lattice": lambda: {"context": context()},
    "geosae.load": lambda: {"folder": stored("sae")},
    "geosae.load_dataset": lambda: {"path": stored("data")},
    "geosae.load_plan": lambda: {"name": "quickstart"},
    "geosae.load_results": lambda: {"folder": run_folder()},
    "geosae.neurons_of": lambda: {"sae": trained().sae},
    "geosae.run": lambda: {
        "plan": plan(), "out": run_folder(), "make_world": make_world, "claims": two_claims, "workers": 1
    },
    "geosae.save": lambda: {"sae": trained(), "folder": fresh()},
    "geosae.save_dataset": lambda: {"dataset": dataset(), "path": fresh(".npz")},
    "geosae.separate": lambda: {"A": cloud(5), "B": cloud(6, shift=1.0)},
    "geosae.separate_unit": lambda: {"A": cloud(5), "B": cloud(6, shift=1.0)},
    "geosae.smallest_unit": lambda: {"A": cloud(4), "B": cloud(6, shift=2.0), "exact": True, "seconds": 5.0},
    "geosae.train": lambda: {
        "points": cloud(40, 3), "config": TrainConfig(TopK(1), 4, steps=2), "seed": 1, "device": "cpu",
        "folder": fresh(),
    },
    "geosae.train_grid": lambda: {
        "points": cloud(40, 3), "configs": [TrainConfig(TopK(1), 4, steps=2)], "seeds": [0], "device": "cpu",
        "folder": fresh(), "stack": False,
    },
    "geosae.verify": lambda: {"claim": proofs_checks.claims()["S5"], "instances": 2, "seed": 1},
    # Analysis.
    "geosae.benchmark.load_benchmark": lambda: {"folder": folder_of("ring")},
    "geosae.benchmark.make_files": lambda: {
        "setting": benchmark.setting("ring"), "size": "s", "folder": fresh(), "make_world": make_world,
    },
    "geosae.benchmark.read_cards": lambda: {"paths": [score_card()]},
    "geosae.benchmark.read_plain_arrays": lambda: {"folder": plain_arrays(), "k": 1},
    "geosae.benchmark.score": lambda: {
        "sae": benchmark.read_plain_arrays(plain_arrays()), "benchmark": benchmark_of("ring"), "name": "one",
        "sae_hash": "", "seed": 1, "config": None, "rivals": ("untrained",), "progress": None,
    },
    "geosae.benchmark.score_table": lambda: {"cards": benchmark.read_cards([score_card()])},
    "geosae.benchmark.setting": lambda: {"name": "ring"},
    "geosae.activations.Texts": lambda: {"lines": ("a", "b")},
    "geosae.activations.Windows": lambda: {"arrays": {"x": cloud()}},
    "geosae.activations.collect": lambda: {
        "model": letters.Letters(), "inputs": letters.WORDS, "folder": fresh(), "pool": "last",
        "skip_first": True, "precision": "bf16", "batch": 4, "per_shard": 9, "threads": 1,
    },
    "geosae.activations.open_activations": lambda: {"folder": collected()},
    "geosae.analysis.agreement": lambda: {"table": alignment().table("detection")},
    "geosae.analysis.antitone_violations": lambda: {
        "context": context(), "hierarchy": np.triu(np.ones((4, 4), dtype=bool))
    },
    "geosae.analysis.along_tolerances": lambda: {
        "alignment": alignment(), "notion": "detection", "tolerances": [0.1, 0.3]
    },
    "geosae.analysis.levels_of": lambda: {"alignment": alignment(), "tolerance": 0.2},
    "geosae.analysis.fvu": lambda: {"points": cloud(), "reconstruction": cloud(12) + 0.125},
    "geosae.analysis.mcc": lambda: {"decoder": cloud(4, 3), "directions": cloud(3, 3)},
    "geosae.analysis.mcc_floor": lambda: {
        "decoder": cloud(4, 3), "directions": cloud(3, 3), "rng": rng(), "draws": 2
    },
    "geosae.analysis.learning_and_interpretation": lambda: {
        "alignment": alignment(), "tolerance": 0.2, "hierarchy": np.eye(2, dtype=bool)
    },
    "geosae.analysis.atom_gains": lambda: {**coded(), "b_dec": np.ones(2), "l1": 0.5},
    "geosae.analysis.refit": lambda: {**coded(), "b_dec": np.ones(2), "l1": 0.5},
    "geosae.analysis.random_decoder": lambda: {**coded(), "rng": rng()},
    "geosae.analysis.phenomena.absorption": lambda: {
        "sae": neurons(), "dataset": nested_dataset(), "parent": "right", "child": "far"
    },
    "geosae.analysis.phenomena.dead_and_dense": lambda: {"sae": neurons(), "dataset": dataset()},
    "geosae.analysis.phenomena.families": lambda: {"sae": neurons(), "dataset": dataset()},
    "geosae.analysis.phenomena.families_among": lambda: {"fires": mask(40, 5)},
    "geosae.analysis.phenomena.hedging": lambda: {"sae": neurons(), "dataset": directed_dataset()},
    "geosae.analysis.phenomena.splits": lambda: {
        "coarse": neurons(), "fine": neurons(), "dataset": dataset(), "certify": False
    },
    "geosae.analysis.phenomena.tiling": lambda: {
        "sae": neurons(), "dataset": dataset(), "concept": "right", "certify": False
    },
    # Experiments.
    "geosae.experiments.Cell": lambda: {
        "world": "w", "source": "disjoint-balls", "world_params": {"points": 10}, "data_seed": 0,
        "gate": "topk", "sparsity": 1, "width": 4, "seed": 0,
    },
    "geosae.experiments.CheckEntry": lambda: {"claims": ("S5",)},
    "geosae.experiments.GateEntry": lambda: {
        "name": "topk", "sparsity": (1, 2), "baseline_sparsity": (1,), "widths": (4,)
    },
    "geosae.experiments.Plan": lambda: {
        "title": "t", "worlds": plan().worlds, "gates": plan().gates, "widths": (4,), "seeds": (0, 1)
    },
    "geosae.experiments.WorldEntry": lambda: {
        "label": "w", "source": "disjoint-balls", "data_seed": 1, "widths": (4,), "gates": ("topk",)
    },
    "geosae.experiments.canonical_json": lambda: {"value": {"a": [1, 2]}},
    "geosae.experiments.config_of": lambda: {
        "gate": "topk", "sparsity": 2, "width": 8, "baseline": "untrained", "settings": {"steps": 5}
    },
    "geosae.experiments.fold": lambda: {
        "trees": [cell.measures for cell in results().cells], "combine": lambda values, bounds: len(values)
    },
    "geosae.experiments.gate_name": lambda: {"gate": "topk", "sparsity": 2},
    "geosae.experiments.mean_interval": lambda: {"values": [1.0, 2.0, 4.0]},
    "geosae.experiments.numbers": lambda: {"tree": results().cells[0].measures, "prefix": "p"},
    "geosae.experiments.parse_plan": lambda: {"text": experiments.plan_toml(plan()), "title": "t"},
    "geosae.experiments.plan_toml": lambda: {"plan": plan()},
    "geosae.experiments.sae_words": lambda: {"cell": results().cells[0].cell},
    "geosae.experiments.short_hash": lambda: {"value": {"a": [1, 2]}},
    "geosae.experiments.summarise": lambda: {"results": results().cells},
    # Lattices.
    "geosae.fca.additive": lambda: {"lattice": lattice(), "rounds": 5},
    "geosae.fca.count_concepts": lambda: {"context": context()},
    "geosae.fca.compare": lambda: {
        "truth": context(), "learned": context(), "rng": rng(), "nulls": 2, "untrained": context()
    },
    "geosae.fca.ConceptFamily": lambda: {"context": context(), "extents": np.eye(4, dtype=bool)[:1]},
    "geosae.fca.aoc_poset": lambda: {"context": context()},
    "geosae.fca.implication_basis": lambda: {"context": context()},
    "geosae.fca.stable_core": lambda: {"family": __import__("geosae.fca").fca.aoc_poset(context())},
    "geosae.fca.to_concepts": lambda: {"lattice": lattice()},
    "geosae.fca.layered": lambda: {"lattice": lattice(), "starts": 2},
    "geosae.fca.nested": lambda: {"levels": {"low": context(), "high": context()}},
    "geosae.fca.sizes_along": lambda: {"levels": nested({"low": context(), "high": context()})},
    "geosae.fca.permuted": lambda: {"context": context(), "rng": rng()},
    "geosae.fca.swapped": lambda: {"context": context(), "rng": rng()},
    "geosae.fca.closures": lambda: {"incidence": mask(6, 4), "sets": mask(3, 6)},
    "geosae.fca.deltas": lambda: {"lattice": lattice()},
    "geosae.fca.separation_index": lambda: {"lattice": lattice()},
    "geosae.fca.stability": lambda: {"lattice": lattice()},
    "geosae.fca.stability_bounds": lambda: {"lattice": lattice()},
    "geosae.fca.choose_theta": lambda: {"context": context()},
    "geosae.fca.iceberg": lambda: {"context": context(), "min_support": 1},
    "geosae.fca.stable_family": lambda: {"context": context(), "theta": 1},
    # Figures.
    "geosae.figures.Diagram": lambda: {
        "positions": np.array([[0.0, 0.0], [0.0, 1.0]]), "covers": [(0, 1)], "above": [["a"], ["b"]],
        "below": [["c"], ["d"]], "weights": [1.0, 2.0], "marks": ["plain", "matched"],
    },
    "geosae.figures.Sheet": lambda: {
        "name": "n", "figure": figure(), "title": "t", "caption": "c", "alt": "a"
    },
    "geosae.figures.UnitPicture": lambda: {"concept": 0, "neurons": (0, 1)},
    "geosae.figures.bound_vs_observed": lambda: {"evidence": {"S5": [evidence()]}, "senses": {"S5": "<="}},
    "geosae.figures.draw": lambda: {"folder": run_folder(), "formats": ("png",), "only": ("lattice",)},
    "geosae.figures.halfplanes": lambda: {
        "halfspaces": halfspaces(), "points": cloud(), "membership": mask(), "names": ("a", "b"),
        "highlight": [0, 1],
    },
    "geosae.figures.heatmap": lambda: {
        "values": cloud(2, 3), "rows": ["a", "b"], "columns": ["x", "y", "z"],
    },
    "geosae.figures.interval_dots": lambda: {
        "table": {"p": {"r": {"s": experiments.Interval(0.5, 0.25, 0.75, 3)}}}
    },
    "geosae.figures.lattice_diagram": lambda: {"lattice": lattice()},
    "geosae.figures.lattice_pair": lambda: {"true": lattice(), "learned": lattice()},
    "geosae.figures.line_diagram": lambda: {"diagram": diagram(), "height": 2.0},
    "geosae.figures.line_diagrams": lambda: {
        "diagrams": [diagram()], "titles": ["one"], "height": 2.0
    },
    "geosae.figures.render": lambda: {"figure": figure(), "format": "svg"},
    "geosae.figures.save": lambda: {"figure": figure(), "stem": fresh(), "formats": ("png",)},
    "geosae.figures.training_curves": lambda: {
        "logs": {"g": [[experiments.LogLine(0, fvu=1.0, l0=1.0), experiments.LogLine(1, fvu=0.5, l0=1.0)]]}
    },
    "geosae.figures.units_in_plane": lambda: {
        "neurons": halfspaces(), "pictures": [figures.UnitPicture(0, (0,))], "points": cloud(),
        "membership": mask(), "names": ("a", "b"),
    },
    # Geometry.
    "geosae.geometry.least_ball_excess": lambda: {"m": 3, "r": 2},
    "geosae.geometry.irreducible_error": lambda: {
        "concept": cloud(6), "measure": box(), "rng": rng(), "samples": 50
    },
    "geosae.geometry.Gaussian": lambda: {"mean": cloud(3)[:, 0], "scale": 2.0},
    "geosae.geometry.UniformBall": lambda: {"center": cloud(3)[:, 0], "radius": 2.0},
    "geosae.geometry.UniformBox": lambda: {"low": cloud(3)[:, 0], "high": cloud(3)[:, 0] + 4},
    "geosae.geometry.measure_from_dict": lambda: {"description": box().to_dict()},
    "geosae.geometry.polytope_of": lambda: {"halfspaces": halfspaces()},
    "geosae.geometry.approximate": lambda: {
        "region": Ball(np.zeros(3), 1.0), "m": 5, "rng": rng(), "restarts": 1, "steps": 3, "samples": 50
    },
    "geosae.geometry.approximation_rate": lambda: {
        "region": Ball(np.zeros(2), 1.0), "facets": [3, 4, 5, 6, 9], "rng": rng(), "restarts": 1, "steps": 3
    },
    "geosae.geometry.detection_tradeoff": lambda: {
        "region": Shell(np.zeros(2), 0.5, 1.0), "measure": box(), "rng": rng(), "samples": 200,
        "directions": 3, "cuts": 2,
    },
    "geosae.geometry.Arrangement": lambda: {"w": cloud(4), "c": cloud(4)[:, 0]},
    "geosae.geometry.vacuous": lambda: {"N": 4, "n": 3},
    "geosae.geometry.HalfSpaces": lambda: {"w": cloud(4), "c": cloud(4)[:, 0]},
    "geosae.geometry.TopKCells": lambda: {"w": cloud(4), "c": cloud(4)[:, 0], "K": 2},
    "geosae.geometry.clopper_pearson": lambda: {"successes": 3, "trials": 10},
    "geosae.geometry.ratio_interval": lambda: {"first": 3, "second": 10},
    "geosae.geometry.AffineImage": lambda: {
        "region": Ball(np.zeros(2), 1.0), "matrix": np.array([[1.0, 0.5], [0.0, 1.0]]), "shift": np.ones(2)
    },
    "geosae.geometry.AnnularSector": lambda: {
        "center": np.zeros(2), "inner": 1.0, "outer": 2.0, "direction": 0.5, "half_angle": 0.5
    },
    "geosae.geometry.Ball": lambda: {"center": np.array([0.5, 1.0]), "radius": 1.0},
    "geosae.geometry.Box": lambda: {"low": np.array([0.5, 1.0]), "high": np.array([1.5, 3.0])},
    "geosae.geometry.Cap": lambda: {
        "center": np.zeros(2), "radius": 1.0, "axis": np.array([1.0, 0.5]), "height": 0.5
    },
    "geosae.geometry.Capsule": lambda: {
        "center": np.zeros(2), "radius": 1.0, "end": np.array([3.0, 0.5]), "end_radius": 0.5
    },
    "geosae.geometry.Checkerboard": lambda: {
        "low": np.zeros(2), "high": np.ones(2), "cells": 3, "odd": True
    },
    "geosae.geometry.Cone": lambda: {
        "center": np.zeros(2), "radius": 1.0, "axis": np.array([1.0, 0.5]), "height": 0.5
    },
    "geosae.geometry.Ellipsoid": lambda: {
        "center": np.zeros(2), "axes": np.array([[1.0, 0.5], [0.0, 1.0]])
    },
    "geosae.geometry.Helix": lambda: {"radius": 1.0, "thickness": 0.25, "pitch": 1.0, "height": 2.0},
    "geosae.geometry.Moon": lambda: {
        "center": np.zeros(2), "radius": 1.0, "axis": np.array([1.0, 0.5]), "offset": 0.5, "bite": 1.0
    },
    "geosae.geometry.Polygon": lambda: {"vertices": np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])},
    "geosae.geometry.Polytope": lambda: {"vertices": np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])},
    "geosae.geometry.Product": lambda: {"parts": (Ball(np.zeros(2), 1.0), Box(np.zeros(1), np.ones(1)))},
    "geosae.geometry.Shell": lambda: {"center": np.zeros(2), "inner": 1.0, "outer": 2.0},
    "geosae.geometry.Slab": lambda: {
        "center": np.zeros(2), "radius": 1.0, "axis": np.array([1.0, 0.5]), "low": -0.5, "high": 0.5
    },
    "geosae.geometry.Spiral": lambda: {"growth": 0.5, "width": 0.25, "start": 1.0, "end": 8.0},
    "geosae.geometry.Torus": lambda: {"center": np.zeros(3), "radius": 1.0, "thickness": 0.25},
    "geosae.geometry.Union": lambda: {"parts": (Ball(np.zeros(2), 1.0), Ball(np.ones(2) * 4, 1.0))},
    "geosae.geometry.l_shape": lambda: {"size": 2.0, "notch": 1.0},
    "geosae.geometry.region_from_dict": lambda: {"description": Ball(np.zeros(2), 1.0).to_dict()},
    "geosae.geometry.star_polygon": lambda: {"tips": 5, "outer": 2.0, "inner": 1.0},
    "geosae.geometry.feature_dimensions": lambda: {"A": cloud(3), "B": cloud(3, shift=1.0)},
    "geosae.geometry.frame_of": lambda: {"A": cloud(3, 5)},
    "geosae.geometry.least_coherence": lambda: {"p": 9, "n": 2},
    "geosae.geometry.best_probe": lambda: {"A": cloud(3, 5), "i": 1, "k": 2},
    "geosae.geometry.readout_error": lambda: {
        "A": cloud(3), "B": cloud(3, shift=1.0), "k": 2, "boolean": True
    },
    "geosae.geometry.one_shot_recovery": lambda: {
        "D": cloud(4, 3), "k": 2, "rho": 1.5, "offsets": np.array([0.0, 1.0, 0.5, 0.0])
    },
    "geosae.geometry.recover_all": lambda: {"A": cloud(3, 5), "k": 1},
    "geosae.geometry.recover_code": lambda: {"A": cloud(3, 5), "z": np.array([1.0, 0, 0, 2, 0])},
    "geosae.geometry.welch": lambda: {"p": 9, "n": 3, "r": 2},
    "geosae.geometry.separability_measure": lambda: {"A": cloud(5), "B": cloud(6), "rounds": 3},
    "geosae.geometry.separate_many": lambda: {"points": cloud(12), "membership": mask(12)},
    "geosae.geometry.name_feature": lambda: {"A": cloud(3, 5), "i": 2, "k": 2, "rho": 1.5},
    "geosae.geometry.name_features": lambda: {"A": cloud(3, 5), "k": 2, "rho": 1.5, "features": (2, 0)},
    "geosae.geometry.name_all_features": lambda: {"A": cloud(3, 5), "k": 2, "rho": 1.5},
    "geosae.geometry.named_by": lambda: {
        "A": cloud(3, 5), "w": cloud(4, 3), "c": cloud(4)[:, 0], "k": 2, "rho": 1.5
    },
    "geosae.geometry.naming_dimensions": lambda: {"p": 16, "k": 3, "rho": 1.5},
    "geosae.geometry.most_named": lambda: {"n": 6, "k": 3, "rho": 1.5},
    "geosae.geometry.naming_transition": lambda: {
        "p": 6, "k": 2, "rng": np.random.default_rng(0), "rho": 1.5, "draws": 20
    },
    "geosae.geometry.recovery_transition": lambda: {"p": 6, "k": 2, "nonnegative": True},
    # Replication, explorer, report.
    "geosae.explorer.ExploreData": lambda: {"title": "t", "source": "s", "format": "f", "worlds": ()},
    "geosae.explorer.explore_data": lambda: {"source": run_folder()},
    "geosae.explorer.write_page": lambda: {
        "data": ExploreData("t", "s", "f", ()), "path": fresh(".html")
    },
    "geosae.replication.replicate": lambda: {"first": results(), "second": results(1), "labellings": 10},
    "geosae.report.write_report": lambda: {"folder": run_folder()},
    # Sparse autoencoders.
    "geosae.sae.AbsTopK": lambda: {"k": 2},
    "geosae.sae.BatchTopK": lambda: {"k": 2, "aux_k": 3},
    "geosae.sae.Gated": dict,
    "geosae.sae.JumpReLU": dict,
    "geosae.sae.MatchingPursuit": lambda: {"k": 2},
    "geosae.sae.Matryoshka": lambda: {"inner": TopK(2), "shares": (0.5, 1.0)},
    "geosae.sae.SpaDE": dict,
    "geosae.sae.SparseAutoencoder": lambda: {"dim": 2, "width": 4, "gate": TopK(1)},
    "geosae.sae.gates.gate_from_dict": lambda: {"record": TopK(2).to_dict()},
    "geosae.sae.interop.Card": lambda: {"l0": 2, "fvu": 0.5, "place": "layer 8"},
    "geosae.sae.interop.ConstantFactor": lambda: {"factor": 2.0},
    "geosae.sae.interop.LayerNorm": dict,
    "geosae.sae.interop.compare_with_card": lambda: {
        "imported": imported(), "points": cloud(), "most": 100, "seed": 1
    },
    "geosae.sae.interop.keep": lambda: {"imported": imported(), "folder": fresh()},
    "geosae.sae.interop.read": lambda: {"path": stored("saelens"), "format": "saelens"},
    "geosae.sae.interop.write_saelens": lambda: {
        "sae": trained().sae, "folder": fresh(), "normalisation": LayerNorm(), "metadata": {}
    },
    "geosae.sae.training.numba.reason_against": lambda: {
        "config": TrainConfig(TopK(1), 4), "device": "cpu"
    },
    # Statements.
    "geosae.verification.Observed": lambda: {"value": 2, "instance": "one", "kind": "upper"},
    "geosae.verification.as_float": lambda: {"value": 2},
    "geosae.verification.audit": lambda: {"claims": {"S5": proofs_checks.claims()["S5"]}, "instances": 2},
    "geosae.verification.audit_outcome": lambda: {
        "mutations": verification.audit({"S5": proofs_checks.claims()["S5"]}, 2)
    },
    "geosae.verification.chosen_claims": lambda: {"claims": two_claims(), "ids": ["S5"]},
    "geosae.verification.compare": lambda: {
        "observed": verification.Observed(2, "one"), "bound": 3, "kind": "upper"
    },
    "geosae.verification.evidence_outcome": lambda: {
        "summaries": [verification.evidence_summary("S5", [evidence()])]
    },
    "geosae.verification.evidence_summary": lambda: {"claim_id": "S5", "evidence": [evidence()]},
    "geosae.verification.line": lambda: {"verdict": verdict(), "statement": "s"},
    "geosae.verification.mutants": lambda: {"claim": proofs_checks.claims()["S5"], "instances": 2},
    "geosae.verification.reproduce": lambda: {
        "claim": proofs_checks.claims()["S5"], "index": 0, "requested": 2, "seed": 0
    },
    "geosae.verification.verdicts": lambda: {"claims": two_claims(), "instances": 2, "only": ["S5"]},
    "geosae.verification.verdicts_on": lambda: {
        "executor": executor(), "claims": two_claims, "instances": 2, "only": ["S5"], "receive": [].append
    },
    "geosae.verification.verdicts_outcome": lambda: {"verdicts": [verdict()]},
    "geosae.verification.verify_all": lambda: {"claims": two_claims(), "instances": 2, "only": ["S5"]},
    # Worlds.
    "geosae_synthetic.context_named": lambda: {"name": "boolean-3"},
    "geosae_synthetic.realise": lambda: {"context": context(), "rng": rng()},
    "geosae_synthetic.planted_halfspaces": lambda: {"context": context(), "dim": 3, "rng": rng()},
    "geosae_synthetic.verify": lambda: {"source": world(), "concepts": 1, "points": 50},
    "geosae_synthetic.describe": lambda: {"name": "nested-balls"},
    "geosae_synthetic.make": lambda: {"name": "nested-balls", "points": 100, "dim": 2, "rng": rng()},
    "geosae_synthetic.true_context": lambda: {"data": world()},
    "geosae_synthetic.stream": lambda: {"name": "superposition", "seed": 0, "points": 50, "dim": 4},
}  # fmt: skip


@cache
def world() -> ConceptDataset:
    return geosae_synthetic.make("nested-balls", points=100, dim=2, rng=rng())


@cache
def nested_dataset() -> ConceptDataset:
    points = cloud(120)
    return ConceptDataset(points, np.column_stack([points[:, 0] > 0, points[:, 0] > 1]), ("right", "far"))


@cache
def directed_dataset() -> ConceptDataset:
    points = cloud(120)
    return ConceptDataset(points, points > 0.25, ("right", "high"), directions=np.eye(2))


# Methods that take points, on objects of which the table above makes one.
METHODS: dict[str, tuple[Callable[[], Any], Callable[[], Arguments]]] = {
    "Ball.contains": (lambda: Ball(np.zeros(2), 1.0).contains, lambda: {"points": cloud()}),
    "Box.contains": (lambda: Box(-np.ones(2), np.ones(2)).contains, lambda: {"points": cloud()}),
    "Shell.contains": (lambda: Shell(np.zeros(2), 0.5, 1.0).contains, lambda: {"points": cloud()}),
    "Checkerboard.contains": (
        lambda: Checkerboard(np.zeros(2), np.ones(2), 3, odd=True).contains, lambda: {"points": cloud()}
    ),
    "Ball.sample": (lambda: Ball(np.zeros(2), 1.0).sample, lambda: {"count": 5, "rng": rng()}),
    "Ball.support": (lambda: Ball(np.zeros(2), 1.0).support, lambda: {"directions": np.eye(2)}),
    "UniformBox.sample": (lambda: box().sample, lambda: {"count": 5, "rng": rng()}),
    "UniformBox.of": (lambda: box().of, lambda: {"region": Ball(np.zeros(2), 1.0)}),
    "UniformBall.of": (
        lambda: UniformBall(np.zeros(2), 1.0).of, lambda: {"region": Ball(np.zeros(2), 1.0)}
    ),
    "Gaussian.of": (lambda: Gaussian(np.zeros(2), 1.0).of, lambda: {"region": Ball(np.zeros(2), 1.0)}),
    "HalfSpaces.contains": (lambda: halfspaces().contains, lambda: {"points": cloud()}),
    "Neurons.codes": (lambda: neurons().codes, lambda: {"points": cloud(), "values": True}),
    "Neurons.fires": (lambda: neurons().fires, lambda: {"points": cloud()}),
    "Neurons.activations": (lambda: neurons().activations, lambda: {"points": cloud()}),
    "Neurons.reconstruct": (lambda: neurons().reconstruct, lambda: {"points": cloud()}),
    "FormalContext.from_array": (lambda: FormalContext.from_array, lambda: {"crosses": mask(3, 4)}),
    "Alignment.table": (lambda: alignment().table, lambda: {"notion": "detection"}),
}  # fmt: skip
