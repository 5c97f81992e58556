"""The libraries that benchmarks/training.py times, each driven as its documentation says.

A method is given a case, a learning rate and a seed. It returns two functions: `fit(stream)`, which is timed,
trains on the stream's batches in order, and `result()`, which gives the reconstruction function and the
decoder's atoms as rows. Models, optimizers and trainers are made outside the clock where the library allows
it (dictionary_learning makes its trainer inside its `trainSAE`).

All minimise the squared error under Top-K at a constant learning rate. Sampled points, no logging, no
checkpoints. AuxK, where a library has it on by default, is on; no neuron dies within these runs by the
libraries' own thresholds, except for overcomplete, whose AuxK loss is optional and left out.
"""

import contextlib
import io
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

# Images are nobody's business here, and a torchvision whose build does not match torch's breaks every import.
sys.modules["torchvision"] = None  # type: ignore[assignment]

Fit = Callable[[torch.Tensor], None]
Result = Callable[[], tuple[Callable[[torch.Tensor], torch.Tensor], np.ndarray]]


@dataclass(frozen=True)
class Case:
    """A size of problem: what every method trains."""

    name: str
    dim: int
    features: int
    width: int
    k: int
    batch: int
    steps: int
    lrs: tuple[float, ...]
    seeds: int = 1
    device: str = "cpu"

    def batches(self, stream: torch.Tensor) -> list[torch.Tensor]:
        """Return the stream, cut into batches."""
        return list(stream.split(self.batch))


class Unused(types.ModuleType):
    """A module that has every name."""

    def __getattr__(self, name: str) -> None:
        """Return nothing."""
        return


def quiet() -> contextlib.ExitStack:
    """Swallow progress bars and warnings."""
    stack = contextlib.ExitStack()
    stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
    stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    return stack


def saelens(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """SAELens: TopKTrainingSAE in its SAETrainer, defaults (activations rescaled by decoder norms)."""
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(seed)
    sae = TopKTrainingSAE(
        TopKTrainingSAEConfig(d_in=case.dim, d_sae=case.width, k=case.k, device=case.device)
    )

    def fit(stream: torch.Tensor) -> None:
        config = SAETrainerConfig(
            total_training_samples=len(stream),
            train_batch_size_samples=case.batch,
            lr=lr,
            lr_end=lr,
            logger=LoggingConfig(log_to_wandb=False),
        )
        SAETrainer(config, sae, iter(case.batches(stream))).fit()

    return fit, lambda: (sae.forward, sae.W_dec.detach().cpu().numpy())


def saelens_sparse(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """SAELens with sparse activations and no rescaling, its fastest setting."""
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(seed)
    knobs = {"use_sparse_activations": True, "rescale_acts_by_decoder_norm": False}
    sae = TopKTrainingSAE(
        TopKTrainingSAEConfig(d_in=case.dim, d_sae=case.width, k=case.k, device=case.device, **knobs)
    )

    def fit(stream: torch.Tensor) -> None:
        config = SAETrainerConfig(
            total_training_samples=len(stream),
            train_batch_size_samples=case.batch,
            lr=lr,
            lr_end=lr,
            logger=LoggingConfig(log_to_wandb=False),
        )
        SAETrainer(config, sae, iter(case.batches(stream))).fit()

    return fit, lambda: (sae.forward, sae.W_dec.detach().cpu().numpy())


def overcomplete(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """Overcomplete: TopKSAE with its linear encoder, squared error, `train_sae` without monitoring."""
    for part in ("models", "visualization"):
        # Its image models and plots, which nothing here uses, are imported with it and need much more.
        sys.modules.setdefault(f"overcomplete.{part}", Unused(part))
    from overcomplete.sae import TopKSAE
    from overcomplete.sae.train import train_sae

    torch.manual_seed(seed)
    model = TopKSAE(
        case.dim, nb_concepts=case.width, top_k=case.k, encoder_module="linear", device=case.device
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def loss(x, x_hat, pre, z, dictionary):
        return (x - x_hat).square().mean()

    def fit(stream: torch.Tensor) -> None:
        train_sae(model, case.batches(stream), loss, optimizer, nb_epochs=1, monitoring=0, device=case.device)

    def result():
        model.eval()
        return (lambda x: model(x)[2]), model.get_dictionary().detach().cpu().numpy()

    return fit, result


def dictionary_learning(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """dictionary_learning: TopKTrainer through `trainSAE`, defaults but for the warm-up."""
    from dictionary_learning.trainers import top_k
    from dictionary_learning.training import trainSAE

    made: list[top_k.TopKTrainer] = []

    class Kept(top_k.TopKTrainer):
        # `trainSAE` returns nothing and would have us read the weights back from a file.
        def __init__(self, **knobs):
            super().__init__(**knobs)
            made.append(self)

    def fit(stream: torch.Tensor) -> None:
        config = {
            "trainer": Kept, "steps": case.steps, "activation_dim": case.dim, "dict_size": case.width,
            "k": case.k, "layer": 0, "lm_name": "none", "lr": lr, "warmup_steps": 0, "seed": seed,
            "device": case.device,
        }  # fmt: skip
        batches = case.batches(stream)
        trainSAE(batches, [config], steps=len(batches), device=case.device)

    def result():
        ae = made[-1].ae
        return ae.forward, ae.decoder.weight.detach().cpu().numpy().T

    return fit, result


def sparsify(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """Sparsify: its SparseCoder in a loop of ours with torch's Adam (its own loop needs a language model)."""
    from sparsify import SparseCoder
    from sparsify.config import SparseCoderConfig

    torch.manual_seed(seed)
    sae = SparseCoder(case.dim, SparseCoderConfig(num_latents=case.width, k=case.k), device=case.device)
    optimizer = torch.optim.Adam(sae.parameters(), lr=lr)

    def fit(stream: torch.Tensor) -> None:
        for x in case.batches(stream):
            sae.set_decoder_norm_to_unit_norm()
            optimizer.zero_grad()
            sae(x).fvu.backward()
            sae.remove_gradient_parallel_to_decoder_directions()
            optimizer.step()

    return fit, lambda: ((lambda x: sae(x).sae_out), sae.W_dec.detach().cpu().numpy())


PEERS = {
    "SAELens": (saelens, "sae_lens", "sae-lens"),
    "SAELens, sparse, no rescaling": (saelens_sparse, "sae_lens", "sae-lens"),
    "overcomplete": (overcomplete, "overcomplete", "overcomplete"),
    "dictionary_learning": (dictionary_learning, "dictionary_learning", "dictionary-learning"),
    "sparsify (its module, our loop)": (sparsify, "sparsify", "eai-sparsify"),
}
"""By name in the table: how it is driven, the module that must be there, the distribution it comes from."""
