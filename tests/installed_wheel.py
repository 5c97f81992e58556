"""What an installed wheel must hold; run by `make wheel` in an environment that has nothing else.

No test framework and no checkout: only the standard library and what `pip install geosae` brought.
"""

import importlib.util
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

PACKAGES = ("geosae", "geosae_synthetic", "proofs_checks")
COMMANDS = (
    ("--version",),
    ("worlds", "list"),
    ("worlds", "make", "nested-balls", "--points", "400", "--dim", "3", "--seed", "0", "-o", "w.npz"),
    ("worlds", "card", "w.npz"),
    ("worlds", "verify", "w.npz"),
    ("train", "w.npz", "--gate", "topk", "--k", "2", "--width", "8", "--seed", "0", "-o", "sae"),
    ("analyse", "sae", "w.npz", "-o", "analysis"),
    ("verify", "S5", "--instances", "5"),
)


def check(condition: object, what: str) -> None:
    """Stop with the sentence unless the condition holds: `python -O` must not switch this off."""
    if not condition:
        raise SystemExit(f"the wheel is wrong: {what}")


def main() -> None:
    """Look at the packages, then run commands in an empty folder."""
    check(importlib.util.find_spec("pytest") is None, "the environment is not empty: it has pytest")
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        check(spec is not None and spec.origin is not None, f"{name} is missing")
        check("site-packages" in str(spec.origin), f"{name} comes from {spec.origin}")
        check(files(name).joinpath("py.typed").is_file(), f"{name} has no py.typed")
    check(importlib.util.find_spec("tests") is None, "it brought tests")

    import geosae
    from geosae.experiments import load_plan, preset_names

    check(geosae.__version__ == version("geosae"), "version and metadata differ")
    check({"quickstart", "digits", "paper"} <= set(preset_names()), f"presets are {preset_names()}")
    for name in preset_names():
        load_plan(name)
    for name in geosae.__all__:
        check(getattr(geosae, name) is not None, f"geosae.{name} cannot be loaded")

    command = Path(sys.executable).with_name("geosae")
    with tempfile.TemporaryDirectory() as folder:
        for words in COMMANDS:
            done = subprocess.run([command, *words], cwd=folder, capture_output=True, text=True, check=False)
            check(
                done.returncode == 0,
                f"`geosae {' '.join(words)}` ends with {done.returncode}:\n{done.stderr}",
            )
            check(done.stdout.strip(), f"`geosae {' '.join(words)}` prints nothing")
        pages = {path.name for path in Path(folder).glob("*.html")}
        check(pages, "`geosae worlds card` wrote no page")
    sys.stdout.write(f"geosae {geosae.__version__}: the wheel works in an empty environment\n")


if __name__ == "__main__":
    main()
