"""Each statement is held against enough distinct instances, in every part and where its bound is attained."""

from dataclasses import replace

import numpy as np
import pytest

from proofs_checks import claims
from proofs_checks._counting import distinct


@pytest.mark.slow
@pytest.mark.parametrize("name", list(claims()))
def test_instances_are_enough_and_distinct(name: str):
    counted = distinct(claims()[name], 200)
    assert counted.instances >= 200
    assert counted.least_part >= 20
    assert counted.least_attained is None or counted.least_attained >= 20


def test_an_instance_over_and_over_counts_once():
    claim = claims()["D1"]
    first = next(iter(claim.instances(1, np.random.default_rng(0))))
    repeated = [first, replace(first, label="another name"), first]
    assert distinct(replace(claim, instances=lambda count, rng: repeated), 50).instances == 1
