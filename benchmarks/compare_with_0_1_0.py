"""Whether a run of this version has the numbers that 0.1.0 had on the same plan.

    python benchmarks/compare_with_0_1_0.py OLD_FOLDER NEW_FOLDER

Every interval of summary.json, every theorem check and every number of the studies is compared for equality:
the house was rebuilt, the numbers must not have moved. To be deleted once it has served.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEADS = ("world", "gate", "width", "sparsity", "baseline")


def read(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def intervals(value: Any, name: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield every interval of nested tables under its dotted name, as mean, low, high, n."""
    if not isinstance(value, dict):
        return
    if "mean" in value:
        yield name, (value["mean"], value["low"], value["high"], value.get("n", value.get("count")))
        return
    for key, inner in value.items():
        yield from intervals(inner, f"{name}.{key}" if name else key)


def old_rows(folder: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the intervals of a run of 0.1.0, by setting and name."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in read(folder / "summary.json")["rows"]:
        tables = {"metrics": row["metrics"], "agreement": row["reading"], "lattice": row["lattice"]}
        tables |= {"neurons": row["neurons"], **row["notions"]}
        rows[tuple(row[head] for head in HEADS)] = dict(intervals(tables, ""))
    return rows


def new_rows(folder: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the intervals of a run of this version, by setting and name."""
    return {
        tuple(row["setting"][head] for head in HEADS): dict(intervals(row["measures"], ""))
        for row in read(folder / "summary.json")["rows"]
    }


def plain(value: Any) -> Any:
    """Return a value in which equal numbers are equal: 1 and 1.0, lists and tuples, absent and null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a value under their paths."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from numbers(inner, f"{name}[{place}]")
    else:
        yield name, value


def jobs(folder: Path, study: str) -> list[tuple[Any, Any]]:
    """Return settings and result of every job, of all files in the folder of a study."""
    names = sorted((folder / "studies" / study).glob("*.json"))
    records = [read(p) for p in names if not p.name.endswith((".timing.json", ".error.json"))]
    return [(plain(r["settings"]), plain(r["result"])) for r in records]


def leaves(result: Any) -> Counter[str]:
    """Return how often each value stands in a result, wherever: fields have moved and were renamed."""
    return Counter(repr(value) for _, value in numbers(result))


def compare_studies(old: Path, new: Path) -> tuple[int, list[str]]:
    """Return how many numbers of studies were compared, and what differs."""
    total, wrong = 0, []
    for study in sorted(p.name for p in (old / "studies").glob("*") if p.is_dir()):
        after = jobs(new, study)
        for settings, result in jobs(old, study):
            # Settings that never varied are no longer stored; others may say more than they did.
            twins = [
                r for s, r in after if all(s[key] == settings[key] for key in s.keys() & settings.keys())
            ]
            if len(twins) != 1:
                wrong.append(f"{study}: {len(twins)} jobs with the settings {settings}")
                continue
            before = leaves(result)
            total += before.total()
            missing = before - leaves(twins[0])
            if missing:
                wrong.append(f"{study} {settings}: {missing} is gone")
    return total, wrong


def main(old: Path, new: Path) -> int:
    """Compare two runs and print what differs."""
    before, after = old_rows(old), new_rows(new)
    wrong = [f"row {key} is in one run only" for key in before.keys() ^ after.keys()]
    total = 0
    for key in before.keys() & after.keys():
        for name in before[key].keys() | after[key].keys():
            total += 1
            if before[key].get(name) != after[key].get(name):
                wrong.append(f"{key} {name}: was {before[key].get(name)}, is {after[key].get(name)}")
    checks_old = {v["id"]: v for v in read(old / "verdicts.json")}
    checks_new = {v["verdict"]["id"]: {**v, **v["verdict"]} for v in read(new / "verdicts.json")}
    checks = 0
    for claim in checks_old.keys() | checks_new.keys():
        for name, value in (checks_old.get(claim) or {}).items():
            checks += 1
            if plain(value) != plain(checks_new.get(claim, {}).get(name)):
                wrong.append(f"{claim} {name}: was {value}, is {checks_new.get(claim, {}).get(name)}")
    studied, unlike = compare_studies(old, new)
    wrong += unlike
    for line in wrong[:60]:
        print(line)
    print(f"{total} intervals, {checks} entries of checks, {studied} numbers of studies: {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
