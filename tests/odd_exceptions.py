"""Which public callables and arguments tests/odd_arguments.py leaves out, each with the reason."""

_ANSWER = "an answer: the library makes it; where it is read from a file, its fields are checked there"
_ABSTRACT = "abstract, a protocol or a list of words: nobody makes one"
_ERROR = "an error: the library raises it"
_INNER = "part of a gate's inner loop: what comes here was checked when the gate and the points came in"
_COMMAND = "the command line, which tests/cli tries"
_NOTHING = "takes no arguments"
_DECLARED = "what a file of proofs_checks or studies declares in the source; its tests take every such file"

_REASONS: dict[str, tuple[str, ...]] = {
    _ANSWER: (
        "geosae.Alignment", "geosae.Results", "geosae.analysis.Agreement", "geosae.analysis.ConceptAnswer",
        "geosae.analysis.AtomGains", "geosae.analysis.Graded", "geosae.analysis.NotionTable",
        "geosae.analysis.Refit", "geosae.analysis.Shares", "geosae.analysis.phenomena.Absorption",
        "geosae.analysis.phenomena.Apart", "geosae.analysis.phenomena.Cut",
        "geosae.analysis.phenomena.DeadAndDense", "geosae.analysis.phenomena.Difference",
        "geosae.analysis.phenomena.Families", "geosae.analysis.phenomena.Family",
        "geosae.analysis.phenomena.Gap", "geosae.analysis.phenomena.Hedging",
        "geosae.analysis.phenomena.Mixture", "geosae.analysis.phenomena.Share",
        "geosae.analysis.phenomena.Splits", "geosae.experiments.CellResult", "geosae.experiments.Interval",
        "geosae.experiments.LogLine", "geosae.experiments.Measures", "geosae.experiments.Outline",
        "geosae.experiments.Setting", "geosae.experiments.Summary", "geosae.experiments.SummaryRow",
        "geosae.fca.Clarified", "geosae.fca.Concept", "geosae.fca.ConceptLattice", "geosae.fca.Count",
        "geosae.fca.Implication", "geosae.fca.LatticeComparison", "geosae.fca.Layout",
        "geosae.fca.NestedContext", "geosae.geometry.Approximation", "geosae.geometry.CommonCodes",
        "geosae.geometry.Estimate", "geosae.geometry.Named", "geosae.geometry.RowsNaming",
        "geosae.geometry.Transition",
        "geosae.geometry.Unnameable", "geosae.geometry.HullWitness", "geosae.geometry.Inseparable",
        "geosae.geometry.RationalHyperplane",
        "geosae.geometry.Separability", "geosae.geometry.Separated", "geosae.geometry.SmallestUnit",
        "geosae.geometry.BestProbe", "geosae.geometry.Dimensions", "geosae.geometry.Frame",
        "geosae.geometry.AllNamed", "geosae.geometry.NotAllNamed",
        "geosae.geometry.AllRecovered", "geosae.geometry.NotAllRecovered", "geosae.geometry.OneShot",
        "geosae.geometry.ReadoutError",
        "geosae.geometry.Recovered", "geosae.geometry.SignedCode", "geosae.geometry.Undecided",
        "geosae.geometry.Unrecovered",
        "geosae.geometry.UnitInseparable", "geosae.geometry.UnitSeparated", "geosae.replication.Replication",
        "geosae.sae.Neurons", "geosae.sae.interop.CardComparison", "geosae.sae.interop.CardWarning",
        "geosae.sae.interop.Imported", "geosae.sae.interop.Source", "geosae.sae.interop.Trial",
        "geosae.studies.Answer", "geosae.verification.ControlCount",
        "geosae.verification.Evidence", "geosae.verification.EvidenceSummary", "geosae.verification.Kept",
        "geosae.verification.Mutant", "geosae.verification.Mutation", "geosae.verification.Outcome",
        "geosae.verification.TrainedInstance", "geosae.verification.Verdict",
    ),
    _ABSTRACT: (
        "geosae.experiments.Gate", "geosae.geometry.Measure", "geosae.geometry.Region", "geosae.sae.Gate",
        "geosae.sae.interop.Normalisation", "geosae.verification.NeuronsLike",
    ),
    _ERROR: (
        "geosae.InvalidInput", "geosae.fca.TooManyConcepts", "geosae.geometry.ForgedCertificate",
        "geosae.geometry.NoHalfSpace",
    ),
    _INNER: (
        "geosae.sae.gates.AuxK", "geosae.sae.gates.Batch", "geosae.sae.gates.GateParameter",
        "geosae.sae.gates.Parts", "geosae.sae.gates.Weights", "geosae.sae.gates.largest_positive",
        "geosae.sae.gates.pre_activations",
    ),
    _COMMAND: ("geosae.cli.command", "geosae.cli.main"),
    _NOTHING: (
        "geosae.experiments.preset_names", "geosae.figures.styled", "geosae.sae.interop.ConstantNorm",
        "geosae.sae.training.numba.installed",
        "geosae.studies.all_studies", "geosae.verification.heading", "geosae_synthetic.names",
        "geosae_synthetic.stream_names", "proofs_checks.claims", "proofs_checks.files",
    ),
    _DECLARED: (
        "geosae.studies.Study", "geosae.verification.Claim", "geosae.verification.Hypothesis",
        "geosae.verification.part_of",
    ),
}  # fmt: skip
FUNCTIONS = {name: reason for reason, names in _REASONS.items() for name in names}
"""Public callables without a valid call, with the reason."""

ARGUMENTS: dict[str, str] = {}
"""Arguments that are left as they are, with the reason."""

TAKEN: dict[str, str] = {
    "geosae.geometry.Ellipsoid(axes): one axis less": "a vector of lengths: semi-axes along the coordinates",
    "geosae.fca.compare(theta): a number": "a delta",
    "geosae.fca.stable_family(theta): a number": "a delta",
    "geosae.TrainConfig(init_norm): a number": "a norm",
    "geosae.figures.heatmap(values): nan": "not known: drawn as an outline",
    "geosae.verification.Observed(value): Fraction": "an exact number, kept as it is",
}
"""Odd values that mean something after all, with what they mean."""
KIND_OF: dict[str, str] = {
    # Any, because neurons of other libraries are taken too.
    "geosae.analyse(sae)": "record", "geosae.analysis.phenomena.absorption(sae)": "record",
    "geosae.analysis.phenomena.dead_and_dense(sae)": "record",
    "geosae.analysis.phenomena.families(sae)": "record", "geosae.analysis.phenomena.hedging(sae)": "record",
    "geosae.analysis.phenomena.splits(coarse)": "record", "geosae.analysis.phenomena.splits(fine)": "record",
    "geosae.analysis.phenomena.tiling(sae)": "record",
    "geosae.train(points)": "matrix", "geosae.analysis.fvu(points)": "matrix",
    "geosae.analysis.fvu(reconstruction)": "matrix",
}  # fmt: skip
"""Kinds of arguments that their annotations do not tell."""

NAMED_AS: dict[str, tuple[str, ...]] = {
    "concept": ("points",), "membership": ("concept",), "description": ("the kind",), "vertices": ("points",),
    "name": ("world", "stream", "context", "gate"), "incidence": ("crosses",), "parent": ("concept",),
    "child": ("concept",), "claims": ("statements",), "sparsity": ("k",), "text": ("plan",),
    "source": ("file",), "coarse": ("SAE",), "fine": ("SAE",), "points": ("count", "reconstruction"),
    "data_seed": ("seeds",), "tolerances": ("level",), "decoder": ("directions",), "record": ("kind",),
    # A file that is not there, or of another kind, is named by its path.
    "path": ("deep", "a{20,}"), "folder": ("deep", "a{20,}"), "out": ("a{20,}",), "format": ("saved as",),
    # What contradicts another argument may be named by the other.
    "center": ("axis", "end", "axes"), "low": ("high",),
    # Corners are made of them.
    "outer": ("vertices",), "inner": ("vertices",), "size": ("vertices",), "notch": ("vertices",),
}  # fmt: skip
"""Words by which a message may name an argument, besides its own name."""
