"""The page of the campaign holds what the trials left, and leaves the rest of the page alone."""

from faults.page import BEGIN, END, page, written

LINES = [
    {"what": "run", "how": "KILL", "moment": "by the clock", "kills": 5, "seconds": 60},
    {"what": "run", "how": "KILL", "moment": "by the clock", "kills": 2, "seconds": 60},
    {"what": "train", "how": "INT", "moment": "at a write", "kills": 3, "seconds": 60},
    {"what": "run", "how": "removed", "moment": "by the clock", "kills": 4, "seconds": 60},
    {
        "what": "run", "how": "KILL or TERM", "moment": "a worker", "kills": 8, "seconds": 60,
        "ended_by_itself": 4, "commands": 6,
    },
    {"minutes": 7.25},
]  # fmt: skip


def test_trials_of_a_kind_are_counted_together():
    text = page(LINES)
    assert "| `run` | kill -9 | by the clock | 7 | 7 |" in text
    assert "| `run` | folder removed | by the clock | 4 | 4 |" in text
    assert "**18 kills**: 7 of commands by the clock, 3 of commands at a write, 8 of workers.\n4 of" in text
    assert "7 minutes" in text
    assert "asks for 100 kills: this run of it was stopped" in text
    whole = page([{**LINES[2], "kills": 85}, *LINES])
    assert "**103 kills**" in whole
    assert "was stopped" not in whole


def test_the_section_takes_its_own_place_and_no_other():
    first = written("", "## Faults")
    assert first.startswith("# Reliability, measured\n\n" + BEGIN)
    others = first.replace("measured\n", "measured\n\nBefore.\n") + "\n## Readers\n\nAfter.\n"
    second = written(others, "## Faults\n\nNew.")
    assert second == others.replace("## Faults\n" + END, "## Faults\n\nNew.\n" + END)
    assert written("# Reliability, measured\n\n## Readers\n", "## Faults").endswith(f"## Faults\n{END}\n")
