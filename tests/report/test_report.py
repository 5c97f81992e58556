import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from figures.made_runs import NAMES, write_run

from geosae.data.storage import save_dataset
from geosae.errors import InvalidInput
from geosae.experiments import Baseline, load_results, summarise
from geosae.experiments.store import Store
from geosae.figures import draw
from geosae.report import write_report
from geosae.report.pages import ENVIRONMENT
from geosae.report.world_part import vacuous_verdict
from geosae.storage.files import read_json
from geosae.storage.structure import read_plain_record, write_record
from geosae.studies.run_answers import run_answers

LOADING = {
    "src",
    "href",
    "srcset",
    "action",
    "data",
    "poster",
    "background",
    "formaction",
    "xlink:href",
    "cite",
}
VOID = {"meta", "img", "br", "hr"}


class Reader(HTMLParser):
    """Reads a page strictly: elements must close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        self.source = text

    def verdicts(self, id: str) -> list[tuple[str, str]]:
        """The class and the words of the verdicts that stand beside the predictions of this id."""
        row = rf'<div class="finding"><b>{id}</b>.*?<span class="(.*?)">(.*?)</span>'
        return re.findall(row, self.source, re.DOTALL)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("run"), world='plane "<i>"')
    draw(folder, ["png"])
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def read(made: Path) -> Reader:
    return Reader((made / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_ids_are_unique(read: Reader):
    assert read.open == []
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for t, a in read.tags if t == "a"]
    assert links
    assert {link[1:] for link in links if link} <= set(ids)


def test_nothing_is_loaded_from_anywhere(made: Path, read: Reader):
    for tag, attributes in read.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name in LOADING & set(attributes):
            value = attributes[name] or ""
            assert value.startswith(("data:image/", "#")), (tag, name, value[:60])
    style = re.search(r"<style>(.*?)</style>", (made / "report.html").read_text(), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    policies = [a["content"] for t, a in read.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")


def test_names_from_the_data_are_escaped(made: Path, read: Reader):
    raw = (made / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in raw
    assert "<i>" not in raw
    assert "right <b>&</b>" not in raw
    for name in NAMES:
        assert name in read.text
    assert 'plane "<i>"' in read.text
    assert "p <script>alert(1)</script> concepts" in read.text


def test_every_figure_is_inside_with_alternative_text_and_caption(made: Path, read: Reader):
    cards = [read_json(p) for p in (made / "figures").glob("*.json")]
    images = [a for t, a in read.tags if t == "img"]
    assert len(images) == len(cards)
    assert {a["alt"] for a in images} == {c["alt"] for c in cards}
    for card in cards:
        assert card["caption"] in read.text


def test_the_page_says_what_it_must(made: Path, read: Reader):
    results = load_results(made)
    for words in (
        "The question", "Method", "n = 2 dimensions", "N = 80 points", "p = 3 concepts", "2 seeds", "ε = "
        "0.05",
        "probability at least 0.95", "untrained", "frozen decoder", "shuffled labels", "Checks can refute",
        "they cannot prove", "geosae run plan.toml", results.plan.key, "python 3.11", "worst slack", "3 of 3",
        "per point of the concept", "What chose is never what judges", "Holm, 6 pairs", "Glossary",
        "no better than a trivial answer", "the trained SAE separates 3 (3 by one neuron)",
    ):  # fmt: skip
        assert words in read.text, words


def test_the_answer_comes_first_and_every_matrix_before_the_question(read: Reader):
    source = read.source
    assert (
        source.index('<section id="answers"') < source.index("<nav") < source.index('<section id="question"')
    )
    (matrix,) = re.findall(r'<table class="matrix">.*?</table>', source, re.DOTALL)
    assert source.index(matrix) < source.index("<nav")
    # Of the widest trained SAE: learned within 0.05, the error 0.025 and a bound twice as high.
    assert matrix.count("✓ learned within 0.05") == 2 * len(NAMES)
    assert matrix.count("✗ not learned") == 2 * 2 * len(NAMES)
    assert "nan" not in matrix


def test_a_world_opens_with_its_picture_and_one_map_and_folds_say_what_they_hold(read: Reader):
    section = read.source[
        read.source.index('<section id="world-0"') : read.source.index('<section id="checks"')
    ]
    first, *folds = section.split("<details>")
    assert re.findall(r'<figure id="figure-([a-z-]+?)">', first) == ["world", "size-sparsity-topk"]
    names = [re.match(r"<summary>(.*?)</summary>", fold)[1] for fold in folds]
    assert names == [
        "Table: what is learned at the settings with baselines, with intervals over seeds",
        "Table: concept by concept in Top-K, K = 1, d = 4, seed 0",
        "Table: reconstruction and sparsity of every setting",
        "Trained beside baselines, with intervals over seeds (4 figures)",
        "Size × sparsity: the other gates, and the errors (3 figures)",
        "The neurons as half-planes (2 figures)",
        "What the chosen units carve out of the plane (2 figures)",
        "Learned and true concept lattices (2 figures)",
        "How much of the true lattice is in the learned one (1 figure)",
        "The size of the lattices along the tolerance (1 figure)",
        "How near the SAEs come to each bound (1 figure)",
        "Training curves (1 figure)",
    ]


def test_a_trivial_answer_is_called_one_and_an_empty_unit_is_a_dash(tmp_path: Path):
    folder = write_run(tmp_path)
    for path in folder.glob("cells/*/result.json"):
        record = read_plain_record(path)
        for row, changes in zip(
            record["answers"]["separation"]["units"],
            ({"answer": "not learned", "trivial": True}, {"answer": "no unit", "neurons": []}, {}),
            strict=True,
        ):
            row |= changes
        write_record(path, record)
    result = load_results(folder).cells_of("plane")[0]
    table = str(ENVIRONMENT.get_template("tables.html.j2").module.concepts(result))
    assert table.count("no better than a trivial answer") == 1
    assert table.count("<td>–</td><td></td>") == 1


def test_intervals_stand_beside_the_means(read: Reader):
    # Errors of trained SAEs at width 2: 0.05 and 0.06 over two seeds; their shares are 1 and 1.
    assert "1 [1, 1]" in read.text
    assert "0.2 [0.2, 0.2]" in read.text


def test_a_report_without_figures_says_how_to_draw_them(tmp_path: Path):
    text = Reader(write_report(write_run(tmp_path)).read_text()).text
    assert "No figures have been drawn yet" in text


def test_failed_cells_are_named(tmp_path: Path):
    folder = write_run(tmp_path)
    cell = load_results(folder).cells[0].cell
    (Store(folder).cell(cell) / "result.json").unlink()
    Store(folder).write_error(cell, "Diverged: loss is <nan>", "")
    text = Reader(write_report(folder).read_text()).text
    assert "1 cell failed" in text
    assert "Diverged: loss is <nan>" in text


def test_a_violated_bound_is_said_loudly(tmp_path: Path):
    folder = write_run(tmp_path)
    path = sorted(folder.glob("cells/*/result.json"))[0]
    record = read_plain_record(path)
    record["evidence"]["S5"][0] |= {"observed": 9.0, "slack": -5.0, "holds": False}
    write_record(path, record)
    answers = [a for a in run_answers(load_results(folder)).bounds if a.id == "S5"]
    assert [a.verdict for a in answers] == ["the prediction fails"]
    assert answers[0].observation.startswith("Held on 27 of 28 instances")
    page = Reader(write_report(folder).read_text())
    assert "refuted" in page.text
    assert page.verdicts("S5") == [("bad", "the prediction fails")]
    assert page.verdicts("S7") == [("good", "as predicted")]


def test_a_broken_check_gives_its_reason(tmp_path: Path):
    folder = write_run(tmp_path)
    verdicts = read_plain_record(folder / "verdicts.json")
    verdicts[0]["verdict"] |= {"status": "broken", "reason": "control 2 passed: <too weak>"}
    write_record(folder / "verdicts.json", verdicts)
    text = Reader(write_report(folder).read_text()).text
    assert "Control 2 passed: <too weak>." in text
    assert "0 of 1" in text  # the headline counts it


def verdicts_on_baselines(folder: Path) -> list[str]:
    """What is said of the share that one neuron separates: against untrained SAEs, then frozen decoders."""
    answers = run_answers(load_results(folder)).grid
    return [
        a.verdict for a in answers if a.prediction.endswith("(share of concepts that one neuron separates).")
    ]


def set_shares(folder: Path, baseline: Baseline, share: float) -> None:
    """Give all SAEs of this kind, in all seeds, the same share of concepts separated."""
    for path in folder.glob("cells/*/result.json"):
        record = read_plain_record(path)
        if record["cell"]["baseline"] == baseline:
            for learner in ("neurons", "units"):
                record["measures"]["separation"][learner]["share"] = share
            write_record(path, record)
    write_record(folder / "summary.json", summarise(load_results(folder).cells))


def test_verdicts_follow_the_numbers_and_are_those_of_the_studies(tmp_path: Path):
    folder = write_run(tmp_path, seeds=(0, 1, 2, 3, 4))
    # In the made run trained SAEs separate all and both baselines nothing, at both gates.
    assert verdicts_on_baselines(folder) == ["as predicted", "as predicted"]
    answers = [a for a in run_answers(load_results(folder)).grid if a.id == "baseline"]
    page = Reader(write_report(folder).read_text())
    assert [verdict for _, verdict in page.verdicts("baseline")] == [a.verdict for a in answers]
    assert all(answer.observation in page.text for answer in answers)
    assert page.text.count("trained more in 2 (plane, Top-K: 1; plane, ReLU: 1), not apart in 0") == 6
    set_shares(folder, "untrained", 1.0)
    assert verdicts_on_baselines(folder) == ["undecided", "as predicted"]
    set_shares(folder, "trained", 0.5)
    assert verdicts_on_baselines(folder) == ["the prediction fails", "as predicted"]
    page = Reader(write_report(folder).read_text())
    assert page.verdicts("baseline")[0] == ("bad", "the prediction fails")


def test_one_seed_decides_nothing(tmp_path: Path):
    folder = write_run(tmp_path, seeds=(0,))
    assert verdicts_on_baselines(folder) == ["undecided", "undecided"]
    for answers in run_answers(load_results(folder)).worlds.values():
        assert {answer.verdict for answer in answers} <= {"undecided"}


def test_few_points_in_high_dimension_are_warned_about(made: Path, tmp_path: Path):
    assert vacuous_verdict(load_results(made), 'plane "<i>"') == ""
    from figures import made_runs

    small = made_runs.dataset(points=10)
    folder = write_run(tmp_path)
    for path in folder.glob("worlds/*.npz"):
        save_dataset(small, path)
    assert "says little" in vacuous_verdict(load_results(folder), "plane")
    text = Reader(write_report(folder).read_text()).text
    # Of ten points five are unseen, and half of these are judged on.
    assert text.count("plane (S8): 2 points in 2 dimensions") == 1
    assert "says little" in text


def test_writing_again_gives_the_same_bytes(made: Path):
    before = (made / "report.html").read_bytes()
    assert write_report(made).read_bytes() == before


def test_a_folder_without_results_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput):
        write_report(tmp_path)


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [400, 1200])
def test_a_browser_shows_it_without_errors_and_without_sideways_scrolling(
    made: Path, tmp_path: Path, width: int
):
    assert BROWSER is not None
    # The page forbids scripts, so the probe goes into a copy without that policy.
    probe = (
        "<script>addEventListener('load',()=>{const d=document;"
        "d.title=JSON.stringify({w:d.documentElement.scrollWidth,i:[...d.images].every(x=>x.naturalWidth>0)})})</script>"
    )
    text = (made / "report.html").read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace(
        "</body>", probe + "</body>"
    )
    copy = tmp_path / "probe.html"
    copy.write_text(text, encoding="utf-8")
    common = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    dumped = subprocess.run(
        [*common, f"--window-size={width},2000", "--virtual-time-budget=5000", "--dump-dom", copy.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", dumped)
    assert title is not None
    seen = title[1].replace("&quot;", '"')
    found = re.fullmatch(r'\{"w":(\d+),"i":(true|false)\}', seen)
    assert found is not None, seen
    assert int(found[1]) <= max(width, 500)  # headless windows are at least 500 wide in some versions
    assert found[2] == "true"
    shot = tmp_path / "page.png"
    run = subprocess.run(
        [*common, f"--window-size={width},2000", "--enable-logging=stderr", f"--screenshot={shot}",
         (made / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert shot.stat().st_size > 10_000
    assert "Content Security Policy" not in run.stderr
