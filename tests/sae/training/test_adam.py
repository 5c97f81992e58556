import pytest
import torch

from geosae.sae.config import TrainConfig
from geosae.sae.gates import JumpReLU, ReLU
from geosae.sae.training.adam import Adam, learning_rate
from geosae.sae.training.parameters import Parameters


def adam_as_published(theta, gradients, lr, beta1, beta2, eps):
    """Algorithm 1 of arXiv 1412.6980, a scalar at a time, in Python floats."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        theta -= lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)) ** 0.5 + eps)
    return theta


def test_adam_is_the_published_algorithm():
    generator = torch.Generator().manual_seed(0)
    parameters, gradient = Parameters.zeros(3, 2), Parameters.zeros(3, 2)
    parameters.flat.copy_(torch.randn(parameters.flat.shape, generator=generator))
    start = parameters.flat.tolist()
    course = torch.randn(20, len(start), generator=generator)
    adam = Adam(parameters, 0.9, 0.99, 1e-3)
    for row in course:
        gradient.flat.copy_(row)
        adam.step(parameters, gradient, 0.05)
    for i, theta in enumerate(start):
        expected = adam_as_published(theta, course[:, i].tolist(), 0.05, 0.9, 0.99, 1e-3)
        assert float(parameters.flat[i]) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_adam_takes_longer_steps_where_a_parameter_has_a_rate_of_its_own():
    gate = JumpReLU().parameters
    slow, fast = Parameters.zeros(3, 2, "cpu", gate), Parameters.zeros(3, 2, "cpu", gate)
    gradient = Parameters.zeros(3, 2, "cpu", gate)
    gradient.flat.copy_(torch.randn(gradient.flat.shape, generator=torch.Generator().manual_seed(0)))
    Adam(slow, 0.9, 0.99, 1e-8).step(slow, gradient, 0.01)
    Adam(fast, 0.9, 0.99, 1e-8).step(fast, gradient, 0.01, {"threshold": 5.0})
    assert torch.allclose(fast.extra["threshold"], 5 * slow.extra["threshold"])
    assert torch.equal(fast.flat[:-3], slow.flat[:-3])
    assert float(slow.extra["threshold"].abs().min()) > 0.009


def test_the_decoder_learns_at_its_multiple_and_the_rest_as_before():
    start, gradient = Parameters.zeros(3, 2), Parameters.zeros(3, 2)
    gradient.flat.copy_(torch.linspace(-1, 1, gradient.flat.numel()))
    plain, turned = (Parameters.of(start.flat.clone(), 3, 2) for _ in range(2))
    Adam(plain, 0.9, 0.99, 1e-8).step(plain, gradient, 0.01)
    Adam(turned, 0.9, 0.99, 1e-8).step(turned, gradient, 0.01, {"W_dec": 4.0})
    assert torch.allclose(turned.W_dec, 4 * plain.W_dec)
    for name in ("W_enc", "b_enc", "b_dec"):
        assert torch.equal(turned.view(name), plain.view(name))


def test_adam_forgets_the_rows_of_a_neuron_only():
    parameters, gradient = Parameters.zeros(3, 2), Parameters.zeros(3, 2)
    adam = Adam(parameters, 0.9, 0.99, 1e-8)
    gradient.flat.fill_(1.0)
    adam.step(parameters, gradient, 0.1)
    adam.forget(torch.tensor([1]))
    for moments in (adam.first, adam.second):
        for rows in moments.rows():
            assert not rows[1].any()
            assert bool(rows[0].all())
            assert bool(rows[2].all())
        assert bool(moments.b_dec.all())


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
@pytest.mark.parametrize(("warmup", "decay"), [(0.0, 0.0), (0.1, 0.5), (1.0, 1.0), (0.0, 1.0)])
def test_the_rate_rises_stays_and_falls_and_never_stops(schedule, warmup, decay):
    config = TrainConfig(ReLU(), 4, steps=100, lr=2.0, schedule=schedule, warmup=warmup, decay=decay)
    rates = [learning_rate(config, step) for step in range(1, 101)]
    assert all(0 < rate <= 2.0 for rate in rates)
    if warmup + decay < 1:
        assert max(rates) == 2.0
    if schedule != "constant" and decay > 0:
        assert rates[-1] < 0.2
        assert warmup == 1.0 or rates[50:] == sorted(rates[50:], reverse=True)
