"""The picture of the layers and a paragraph per package, read from the contract and the docstrings at build.

The picture is drawn from import-linter's contract in pyproject.toml, and which package imports torch, or on what
the worlds and the checks stand, is read from the graph of imports. So neither can drift from what is enforced.
"""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import grimp
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from geosae.figures import save, styled
from geosae.figures.style import INK, MUTED, PAGE

ROOT = Path(__file__).parents[2]
BESIDE = ("geosae_synthetic", "proofs_checks")
BORDERS = {
    "torch": "torch",
    "matplotlib": "matplotlib",
    "cvxpy": "solvers",
    "typer": "typer",
    "jinja2": "Jinja2",
}
"""External packages that stay in one layer, and how the picture calls them."""
LEFT, RIGHT = 6.3, 10.0
"""Right edges of the column of layers and of the whole picture, in row heights."""
GAP = 0.12
BESIDE_WIDTH = 34
"""Letters in a line of what a package beside the library stands on."""


@dataclass(frozen=True)
class Layer:
    """One layer of the contract; `planned` where the contract allows that it does not exist yet."""

    name: str
    planned: bool


def setup(app):
    """Write picture and paragraphs before Sphinx reads its sources."""
    app.connect("builder-inited", write_all)
    return {"parallel_read_safe": True}


def write_all(app):
    """Write generated/architecture/layers.svg and packages.md."""
    folder = Path(app.srcdir) / "generated" / "architecture"
    folder.mkdir(parents=True, exist_ok=True)
    rows = contract_rows()
    save(picture(rows, imports_by_package()), folder / "layers", ("svg",))
    (folder / "packages.md").write_text(paragraphs(rows), encoding="utf-8")


def contract_rows(pyproject: Path = ROOT / "pyproject.toml") -> list[list[Layer]]:
    """Return the layers of the contract from the top down; layers in one row may not import each other."""
    tools = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]
    (contract,) = (c for c in tools["importlinter"]["contracts"] if c["type"] == "layers")
    return [[layer_of(part) for part in re.split(r"[|:]", line)] for line in contract["layers"]]


def layer_of(text: str) -> Layer:
    """Return a layer as the contract writes it: in parentheses where it may be absent."""
    name = text.strip().strip("()")
    optional = text.strip().startswith("(")
    return Layer(name, optional and not (ROOT / "geosae" / name).is_dir())


def imports_by_package() -> dict[str, set[str]]:
    """Return what each layer, and each package beside the library, imports directly: layers and external names."""
    packages = ("geosae", *BESIDE)
    graph = grimp.build_graph(
        *packages, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )
    imported: dict[str, set[str]] = {}
    for module in graph.modules:
        if module.split(".")[0] in packages and not graph.is_module_squashed(module):
            targets = graph.find_modules_directly_imported_by(module)
            imported.setdefault(layer_name(module), set()).update(layer_name(target) for target in targets)
    return imported


def layer_name(module: str) -> str:
    """Return the layer of a module of geosae, and the top-level package of any other."""
    parts = module.split(".")
    return parts[1] if parts[0] == "geosae" and len(parts) > 1 else parts[0]


def picture(rows: list[list[Layer]], imported: dict[str, set[str]]) -> Figure:
    """Draw the layers as a stack; a package beside the library stands above the highest layer it imports."""
    with styled():
        figure = Figure(figsize=(PAGE, 0.36 * len(rows) + 0.1), layout="constrained")
        ax = figure.add_subplot()
        ax.set_axis_off()
        for depth, row in enumerate(rows):
            # Only the command line may import the packages beside the library, so it lies above them.
            width = (RIGHT if depth == 0 else LEFT) / len(row)
            for place, layer in enumerate(row):
                box = (place * width, -depth, width - GAP, 1 - GAP)
                draw_layer(
                    ax,
                    box,
                    layer,
                    sorted(BORDERS[name] for name in BORDERS if name in imported.get(layer.name, ())),
                )
        heights = {layer.name: depth for depth, row in enumerate(rows) for layer in row}
        for package in BESIDE:
            below = min(heights[name] for name in imported[package] if name in heights)
            draw_beside(ax, package, below, sorted(imported[package] & set(heights), key=heights.__getitem__))
        ax.set_xlim(-0.05, RIGHT)
        ax.set_ylim(-len(rows) + 1 - 0.05, 1)
    return figure


def draw_layer(ax: Axes, box: tuple[float, float, float, float], layer: Layer, external: list[str]) -> None:
    """Draw one layer: its name, and at the right what only it may import; dashed where it is planned."""
    x, y, width, height = box
    ax.add_patch(outline(box, dashed=layer.planned))
    colour = MUTED if layer.planned else INK
    ax.text(x + 0.15, y + height / 2, layer.name, va="center", color=colour, gid=layer.name)
    note = "planned" if layer.planned else ", ".join(external)
    ax.text(
        x + width - 0.15, y + height / 2, note, va="center", ha="right", color=MUTED, gid=f"{layer.name}:note"
    )


def draw_beside(ax: Axes, package: str, below: int, layers: list[str]) -> None:
    """Draw a package in two rows above the layer it stands on, with an arrow to that layer."""
    box = (LEFT + 0.35, -below + 1, RIGHT - LEFT - 0.35 - GAP, 2 - GAP)
    x, y, width, height = box
    ax.add_patch(outline(box))
    ax.text(x + 0.15, y + 0.7 * height, package, va="center", gid=package)
    lines = fill(f"on {', '.join(layers)}", BESIDE_WIDTH)
    ax.text(x + 0.15, y + 0.3 * height, lines, va="center", color=MUTED, size="small", gid=f"{package}:note")
    arrow = {"arrowstyle": "->", "connectionstyle": "angle,angleA=90,angleB=0", "color": INK, "lw": 0.8}
    ax.annotate("", xy=(LEFT - GAP, -below + (1 - GAP) / 2), xytext=(x + width / 2, y), arrowprops=arrow)


def outline(box: tuple[float, float, float, float], *, dashed: bool = False) -> FancyBboxPatch:
    """Return the frame of a box."""
    x, y, width, height = box
    style = "round,pad=0,rounding_size=0.08"
    line, face = ("--", "none") if dashed else ("-", "#eef3f7")
    return FancyBboxPatch((x, y), width, height, boxstyle=style, ls=line, fc=face, ec=MUTED, lw=0.8)


def paragraphs(rows: list[list[Layer]]) -> str:
    """Return a paragraph per package, from its docstring, with the first sentence of each room in it."""
    paths = [ROOT / "geosae" / layer.name for row in rows for layer in row if not layer.planned]
    paths += [ROOT / "synthetic" / "geosae_synthetic", ROOT / "proofs_checks"]
    return "\n".join(paragraph(path) for path in paths if path.name != "_version")


def paragraph(path: Path) -> str:
    """Return the paragraph of one package or module."""
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    name = ".".join(path.relative_to(ROOT / "synthetic" if "synthetic" in path.parts else ROOT).parts)
    rooms = sorted(room.parent for room in path.glob("*/__init__.py")) if path.is_dir() else []
    listed = "".join(
        f"- `{name}.{room.name}`: {plain(docstring(room / '__init__.py')[0])}\n" for room in rooms
    )
    return f"### `{name}`\n\n" + "\n\n".join(map(plain, docstring(file))) + f"\n\n{listed}"


def docstring(file: Path) -> list[str]:
    """Return the paragraphs of a module's docstring, read without importing the module."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return [" ".join(part.split()) for part in text.split("\n\n")]


def plain(text: str) -> str:
    """Escape what Markdown would read as markup, outside of code."""
    return re.sub(r"(`[^`]*`)|([\\*_|<>\[\]$])", lambda match: match[1] or f"\\{match[2]}", text)
