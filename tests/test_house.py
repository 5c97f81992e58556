"""Rules of the house that no other tool checks."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import networkx as nx
import pytest

import geosae

ROOT = Path(__file__).parent.parent
SOURCES = [
    path for folder in ("geosae", "synthetic", "proofs_checks") for path in (ROOT / folder).rglob("*.py")
]


def test_import_is_light() -> None:
    """A command's --help must not wait for torch, matplotlib or a solver."""
    code = "import sys, geosae; print(sorted({'torch', 'matplotlib', 'cvxpy', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_root_is_small_and_every_name_resolves() -> None:
    names = [name for name in geosae.__all__ if not name.startswith("_")]
    assert 0 < len(names) <= 25
    for name in names:
        assert getattr(geosae, name) is not None


def test_unknown_root_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="concept_latice"):
        geosae.concept_latice  # noqa: B018


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def imports_of_private_names() -> Iterator[str]:
    """Yield what is imported from outside the package that owns a module or name beginning with one _."""
    for path in SOURCES:
        place = path.relative_to(ROOT / "synthetic" if "synthetic" in path.parts else ROOT)
        module = ".".join(place.with_suffix("").parts)
        package = ".".join(place.parts[:-1])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            for name in node.names:
                parts = f"{node.module}.{name.name}".split(".")
                private = next((i for i, part in enumerate(parts) if is_private(part)), None)
                owner = ".".join(parts[:private])
                if private and package != owner and not package.startswith(f"{owner}."):
                    yield f"{module} -> {'.'.join(parts)}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_version"


def test_private_names_stay_at_home() -> None:
    imports = list(imports_of_private_names())
    assert len(imports) <= 5, imports


def test_no_circle_of_imports() -> None:
    """Not among imports that only type checkers see either: a noun does not know its readers."""
    packages = ("geosae", "geosae_synthetic", "proofs_checks")
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=False, cache_dir=None)
    arrows = [(m, other) for m in graph.modules for other in graph.find_modules_directly_imported_by(m)]
    components = nx.strongly_connected_components(nx.DiGraph(arrows))
    assert [sorted(c) for c in components if len(c) > 1] == []


@pytest.mark.parametrize(
    "word",
    ["allow_pickle=True", "weights_only=False", "import pickle", "np.random.seed", "NotImplementedError"],
)
def test_forbidden_words(word: str) -> None:
    hits = [str(path.relative_to(ROOT)) for path in SOURCES if word in path.read_text(encoding="utf-8")]
    assert hits == []


def test_one_place_names_the_nearest_word() -> None:
    hits = [str(path.relative_to(ROOT)) for path in SOURCES if "difflib" in path.read_text(encoding="utf-8")]
    assert hits == ["geosae/validation.py"]


@pytest.mark.parametrize("solver", ["scipy.optimize", "cvxpy", "highspy", "clarabel"])
def test_solvers_stay_behind_one_door(solver: str) -> None:
    """import-linter cannot name a subpackage of an external package, so scipy.optimize is watched here."""
    hits = [str(path.relative_to(ROOT)) for path in SOURCES if solver in path.read_text(encoding="utf-8")]
    assert [hit for hit in hits if hit != "geosae/geometry/_program.py"] == []


# Names that do not say what they hold; one in thirty functions may still have one.
FUZZY = {
    "named", "found", "told", "held", "own", "known", "shown", "kept", "seen", "given", "taken", "made",
    "asked", "beside", "what", "place", "one", "other", "wanted",
}  # fmt: skip
FUZZY_PER_FUNCTION = 0.03


def bound_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names that a function binds, its parameters aside."""
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def test_local_names_say_what_they_hold() -> None:
    functions = [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    fuzzy = sum(len(bound_names(function) & FUZZY) for function in functions)
    assert fuzzy <= FUZZY_PER_FUNCTION * len(functions)


# Fields of results: a typed record is asked for them by attribute, never by a string.
FIELDS = (
    "agreement", "approximation", "best_error", "cell", "concepts", "count", "detection", "evidence", "high",
    "lattice", "low", "mean", "measures", "metrics", "neurons", "notions", "per_concept", "reading", "result",
    "separation", "settings", "share", "tested", "units",
)  # fmt: skip
RESULTS = ("experiments", "studies", "replication", "figures", "report", "cli")


def looked_up(node: ast.AST) -> object:
    """Return the string that a node looks something up by, as in record["share"] or record.get("share")."""
    if isinstance(node, ast.Subscript):
        is_type = isinstance(node.value, ast.Name) and node.value.id == "Literal"
        key: ast.AST | None = None if is_type else node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        key = node.args[0] if node.args else None
    else:
        return None
    return key.value if isinstance(key, ast.Constant) else None


@pytest.mark.parametrize("folder", RESULTS)
def test_results_are_typed_trees_and_never_looked_up_by_strings(folder: str) -> None:
    hits = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "geosae" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.expr) and looked_up(node) in FIELDS
    ]
    assert hits == []


def test_parents_are_abstract_or_final() -> None:
    """At most one level of inheritance among our own classes."""
    parents: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                names = [base.id for base in node.bases if isinstance(base, ast.Name)]
                parents.setdefault(node.name, []).extend(names)
    deep = [
        name for name, bases in parents.items() for base in bases
        if any(grandparent in parents for grandparent in parents.get(base, ()))
    ]  # fmt: skip
    assert deep == []
