"""What fuzzing found: inputs out of which something else than InvalidInput once came, kind by kind."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from fuzz.changes import nested


class Finding(NamedTuple):
    """An input that once went wrong.

    Parameters
    ----------
    reader, seed
        Which reader it is for, and the seed of it that is edited.
    edits
        Places in the description with what is put there; or, instead of a description, the bytes of the file.
    message
        What its error says today.
    """

    reader: str
    seed: int
    edits: tuple[tuple[tuple[str | int, ...], Any], ...] | bytes
    message: str


def at(*place: str | int, value: Any) -> tuple[tuple[tuple[str | int, ...], Any], ...]:
    return ((place, value),)


CARD = ("members", "card")
BALL = {"kind": "ball", "center": [0.0, 0.0], "radius": 10**400}
FINDINGS: dict[str, Finding] = {
    # Cards that are lists or texts, or too deep: AttributeError, TypeError, OverflowError, RecursionError.
    "a region that is a list": Finding(
        "data set", 0, at(*CARD, "regions", 0, value=[]), "'description' is \\[\\], which is no Mapping"
    ),
    "a truth that is a list": Finding("data set", 0, at(*CARD, "truth", 0, value=[1]), "truth of a concept"),
    "a measure that is a list": Finding(
        "data set", 0, at(*CARD, "ambient", value=[1]), "'description' is \\[1\\], which is no Mapping"
    ),
    "a measure of a huge number": Finding(
        "data set", 0, at(*CARD, "ambient", "low", value=[10**400, 0]), "has wrong fields"
    ),
    "a radius beyond all floats": Finding("data set", 0, at(*CARD, "regions", 0, value=BALL), "radius"),
    "a flag that is a text": Finding(
        "data set", 0, at(*CARD, "regions", 2, "disjoint", value="no"), "holds what is no number"
    ),
    "regions within regions": Finding(
        "data set", 0, at(*CARD, "regions", 0, value=nested(400)), "too deep to be read"
    ),
    "a card that is a list": Finding(
        "data set", 0, at(*CARD, value=[1]), "is no table of keys|cannot be read"
    ),
    "brackets as the format": Finding(
        "data set", 0, at("members", "format", value="[" * 3000), "is no data set"
    ),
    # RuntimeWarning and OverflowError out of numpy's own reader.
    "an axis beyond all integers": Finding(
        "data set", 0, at("members", "points", "shape", value=[2**63, 2]), "declares an array|cannot be read"
    ),
    "axes whose product overflows": Finding(
        "gemma-scope",
        0,
        at("tensors", "W_enc", "shape", value=[2**62, 3]),
        "declares an array|cannot be read",
    ),
    # Checkpoints of geosae's own, with hashes that are right.
    "a config that is a list": Finding("checkpoint", 0, at("card", "config", value=[1]), "config"),
    "a gate that is a list": Finding(
        "checkpoint", 0, at("card", "config", "gate", value=["topk"]), "which is no Mapping"
    ),
    "a dtype that is a list": Finding("checkpoint", 0, at("card", "dtype", value=[]), "dtype"),
    "half a surrogate pair": Finding(
        "checkpoint", 0, at("card", "kernel", value="\ud800"), "half of a surrogate pair"
    ),
    "files that are a list": Finding("checkpoint", 0, at("card", "files", value=["right"]), "files"),
    "an SAE of a terabyte": Finding("checkpoint", 0, at("card", "dim", value=10**12), "the card promises"),
    "a line of the log that is a list": Finding("checkpoint", 0, at("log", value="[1]\n"), "line 1"),
    "a kept gate that is a text": Finding(
        "kept import", 0, at("card", "gate", value="relu"), "which is no Mapping"
    ),
    "three names of a file": Finding(
        "kept import", 0, at("card", "source", "files", 0, value=["a", "b", "c"]), "files"
    ),
    "a kept SAE of a terabyte": Finding(
        "kept import", 0, at("card", "width", value=10**12), "the card promises"
    ),
    "eps that is a text": Finding(
        "kept import", 0, at("card", "normalisation", "eps", value="1"), "the layer norm: 'eps'"
    ),
    "a state of another shape": Finding(
        "training state", 0, at("tensors", "at", "shape", value=[3]), "does not hold the state"
    ),
    "a state without its rest": Finding(
        "training state", 0, at("metadata", "rest", value={"step": 1}), "lacks the key"
    ),
    # Foreign files.
    "a tensor of 2^40 numbers": Finding(
        "openai", 0, at("tensors", "encoder.weight", "shape", value=[2**20, 2**20]), "claim"
    ),
    "a tensor without numbers": Finding(
        "openai", 0, at("tensors", "pre_bias", "layout", value="meta"), "no plain table"
    ),
    "a sparse tensor": Finding(
        "openai", 0, at("tensors", "pre_bias", "layout", value="sparse"), "no plain table"
    ),
    "complex weights": Finding(
        "openai", 0, at("tensors", "pre_bias", "dtype", value="C64"), "no plain table"
    ),
    "weights of eight bits": Finding(
        "openai", 0, at("tensors", "pre_bias", "dtype", value="F8"), "no plain table"
    ),
    "k that is no number": Finding("saelens", 3, at("config", "k", value=float("nan")), "no whole number"),
    "k without end": Finding("saelens", 3, at("config", "k", value=float("inf")), "no whole number"),
    "a version of 5,000 digits": Finding(
        "saelens", 0, at("config", "metadata", "sae_lens_version", value="9" * 5000), "which is no version"
    ),
    "a size beyond all numbers": Finding(
        "saelens", 0, at("config", "d_in", value=10**400), "a finite number is needed"
    ),
    "a residual that is no number": Finding(
        "saelens", 7, at("config", "residual_threshold", value=float("nan")), "a finite number is needed"
    ),
    "arguments that are a list": Finding(
        "saelens-legacy", 0, at("config", "activation_fn_kwargs", value=[{}]), "no table"
    ),
    "a trainer that is a text": Finding(
        "dictionary-learning", 3, at("config", value={"trainer": "x"}), "no table"
    ),
    "a class that is a list": Finding(
        "dictionary-learning", 0, at("config", "trainer", "dict_class", value=["A"]), "is unknown here"
    ),
    "group sizes in two axes": Finding(
        "dictionary-learning", 2, at("tensors", "group_sizes", "shape", value=[2, 1]), "must sum to"
    ),
    "brackets as group sizes": Finding(
        "batchtopk", 3, at("config", "group_sizes", value="[" * 3000), "too deep"
    ),
    "a normalisation that is a table": Finding(
        "overcomplete", 2, at("settings", "normalization", value={"l2": 1}), "normalization is"
    ),
    "a multiplier that overflows": Finding(
        "overcomplete", 0, at("tensors", "dictionary.multiplier", "values", value=[1000.0]), "NaN or infinite"
    ),
    "whole numbers as weights": Finding(
        "saelens", 0, at("tensors", "W_enc", "dtype", value="I64"), "no weights"
    ),
    "a pickle of nothing": Finding("weights, bytes", 0, b"\0\x80\x02.", "cannot be read|Python objects"),
    "a pickle that looks back": Finding(
        "weights, bytes", 0, b"\0\x80\x02h\x05.", "cannot be read|Python objects"
    ),
    # Plans, sweeps and run folders.
    "a sweep in latin-1": Finding("sweep", 0, b"# \xe4\n", "is not UTF-8 text"),
    "a sparsity beyond all floats": Finding("plan", 0, b"", "must be finite"),
    "half a surrogate pair in a run": Finding(
        "stored record", 0, at("content", "plan", value="\ud800"), "surrogate"
    ),
    # Alignments.
    "counts that are texts": Finding(
        "alignment", 1, at("record", "arrays", "fired", "values", 0, value="x"), "cannot be read"
    ),
    "counts beyond 64 bits": Finding(
        "alignment", 1, at("record", "arrays", "fired", "values", 0, value=2**70), "cannot be read"
    ),
    "an array of another type": Finding(
        "alignment", 1, at("record", "arrays", "fired", "dtype", value="S999999999"), "cannot be"
    ),
    "one count where there are many": Finding(
        "alignment",
        1,
        at("record", "arrays", "neurons.positives", value={"dtype": "int64", "values": [9]}),
        "do not fit",
    ),
    "units that are no list": Finding(
        "alignment",
        1,
        at("record", "arrays", "chosen.f1.units.sizes", value={"dtype": "int64", "values": 3}),
        "do not fit",
    ),
    "units of other neurons": Finding(
        "alignment",
        1,
        at("record", "arrays", "chosen.f1.neurons.members", "values", 0, value=99),
        "of other concepts or",
    ),
    "points that are a text": Finding(
        "alignment", 1, at("record", "metrics", "points", value="x"), "no integer"
    ),
    "a tolerance that is a text": Finding("alignment", 1, at("record", "tolerance", value="x"), "tolerance"),
    "a concept more": Finding("alignment", 1, at("record", "concepts", 0, value=["a", "b"]), "concepts"),
    "an alignment that is a list": Finding(
        "alignment", 0, at("members", "card", value=[1]), "no alignment of version"
    ),
}


def edited(finding: Finding, seeds: Sequence[bytes]) -> bytes:
    """Return the input of a finding."""
    if finding.reader == "plan":
        return seeds[finding.seed].replace(b'name = "relu"\nsparsity = [0.1]', b"") + (
            b'[[gates]]\nname = "gated"\nsparsity = [' + b"9" * 400 + b"]\n"
        )
    if isinstance(finding.edits, bytes):
        return finding.edits
    description = json.loads(seeds[finding.seed])
    for place, value in finding.edits:
        node = description
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = value
    return json.dumps(description).encode()
