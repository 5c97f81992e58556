"""SAEs that SAELens and dictionary_learning trained themselves on the files, scored in their formats."""

from pathlib import Path

import numpy as np
import pytest
import torch
from benchmark_folders import benchmark_of
from sae.interop.foreign import peer

from geosae.benchmark import score
from geosae.sae.interop import read

WIDTH, K, BATCH, STEPS = 32, 2, 1024, 400


def batches() -> list[torch.Tensor]:
    points = torch.from_numpy(np.array(benchmark_of("superposition-1").points("train")))
    rows = torch.randint(len(points), (STEPS, BATCH), generator=torch.Generator().manual_seed(0))
    return [points[row] for row in rows]


def by_saelens(folder: Path) -> None:
    """Train by SAELens' own trainer and save what it calls an inference model."""
    peer("sae_lens")
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(0)
    sae = TopKTrainingSAE(TopKTrainingSAEConfig(d_in=16, d_sae=WIDTH, k=K))
    config = SAETrainerConfig(
        total_training_samples=STEPS * BATCH, train_batch_size_samples=BATCH, lr=3e-3, lr_end=3e-3,
        logger=LoggingConfig(log_to_wandb=False),
    )  # fmt: skip
    SAETrainer(config, sae, iter(batches())).fit()
    sae.save_inference_model(str(folder))


def by_dictionary_learning(folder: Path) -> None:
    """Train by dictionary_learning's own loop, which saves as it ends."""
    peer("dictionary_learning")
    from dictionary_learning.trainers.top_k import TopKTrainer
    from dictionary_learning.training import trainSAE

    config = {
        "trainer": TopKTrainer, "steps": STEPS, "activation_dim": 16, "dict_size": WIDTH, "k": K, "layer": 0,
        "lm_name": "none", "lr": 3e-3, "warmup_steps": 0, "seed": 0, "device": "cpu",
    }  # fmt: skip
    trainSAE(batches(), [config], steps=STEPS, save_dir=str(folder), device="cpu")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("train", [by_saelens, by_dictionary_learning])
def test_an_sae_of_a_peer_is_scored_from_its_own_format(train, tmp_path: Path) -> None:
    train(tmp_path)
    folders = [path.parent for name in ("cfg.json", "ae.pt") for path in tmp_path.rglob(name)]
    imported = read(folders[0])
    card = score(imported, benchmark_of("superposition-1"), name=train.__name__)
    numbers, untrained = card.arms["sae"].numbers, card.arms["untrained"].numbers
    assert imported.source.format in ("saelens", "dictionary-learning")
    assert numbers.l0 == pytest.approx(K, abs=0.5)
    assert numbers.fvu < 0.5 < untrained.fvu
    assert numbers.f1_of_neurons > untrained.f1_of_neurons + 0.1
    assert card.arms["shuffled labels"].numbers.f1_of_neurons < 0.2
