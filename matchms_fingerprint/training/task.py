"""Loss, optimiser and validation of one training run, as Lightning calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import DataLoader

from matchms_fingerprint.evaluation.metrics import best_bit_threshold
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.models.heads.siamese_bits import SiameseBits
from matchms_fingerprint.models.losses.bits_and_overlap import bce_iou_loss
from matchms_fingerprint.models.losses.criterion import Criterion
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.training.datasets import (
    Batch,
    DrawnBatches,
    PreparedBatches,
    merge_partners,
    structure_balanced_weights,
)
from matchms_fingerprint.training.lightning_run import adamw, share_of_device
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.pairs import with_partners
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.synthetic import SyntheticSpectra

_THRESHOLDS = np.arange(0.15, 0.5, 0.05)
_VALIDATION_BATCH = 1024


class KeepBest(Callback):
    """Keeps the weights of the epoch with the best value on the validation fold, as safetensors."""

    def __init__(self, path: Path, metric: str):
        self.path = path
        self.metric = metric
        self.best = -1.0

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Save the weights if they are better than before."""
        value = float(trainer.callback_metrics[self.metric])
        if value > self.best and isinstance(pl_module, FingerprintTask):
            self.best = value
            if not trainer.is_global_zero:
                return
            with atomic_file(self.path) as partial:
                save_file(pl_module.network.state_dict(), partial)

    def state_dict(self) -> dict[str, float]:
        """Return what a checkpoint remembers."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Take up what a checkpoint remembered."""
        self.best = state_dict["best"]


class FingerprintTask(lightning.LightningModule):
    """Loss, optimiser and validation of one network.

    Parameters
    ----------
    network
        The network.
    settings
        Settings of the run.
    data
        Spectra with structures.
    folds
        train, val or test for each spectrum.
    negatives
        Wrong candidates for a loss that ranks them: those of training, and those of validation.
    synthetic
        Where simulated spectra come from that training sees beside the real ones.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        data: LabelledSpectra,
        folds: NDArray[np.str_],
        negatives: tuple[Negatives, Negatives] | None = None,
        synthetic: SyntheticSpectra | None = None,
    ):
        super().__init__()
        self.network, self.settings, self.data = network, settings, data
        self.criterion = Criterion(settings.loss, settings.loss_settings)
        self.negatives, self.synthetic = negatives or (None, None), synthetic
        self.train_rows = np.flatnonzero(folds == "train")
        self.weights = structure_balanced_weights(data.structure[self.train_rows], settings.structure_cap)
        self.partners = merge_partners(data, self.train_rows)
        self.val_rows = np.flatnonzero(folds == "val")
        self.outputs: list[tuple[NDArray[np.float32], NDArray[np.uint8]]] = []
        self.first_hits: list[Tensor] = []

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches of the current epoch; of several devices, each has its own share of them."""
        epoch = self.current_epoch
        batches = PreparedBatches(
            self.data, self.network, self.settings, epoch, self.partners, self.negatives[0], self.synthetic
        )
        rows = list(DrawnBatches(self.train_rows, self.weights, self.settings, epoch))
        if isinstance(self.network.head, SiameseBits):
            rng = np.random.default_rng([self.settings.seed, epoch, 3])
            rows = list(with_partners(rows, self.data, self.train_rows, rng))
        return DataLoader(batches, sampler=share_of_device(rows, self.trainer), batch_size=None)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation spectra in batches."""
        batches = PreparedBatches(self.data, self.network, self.settings, 0, negatives=self.negatives[1])
        n_parts = max(1, self.val_rows.size // _VALIDATION_BATCH)
        rows = [part.tolist() for part in np.array_split(self.val_rows, n_parts)]
        return DataLoader(batches, sampler=rows, batch_size=None)

    def training_step(self, batch: Batch, step: int) -> Tensor:
        """Return the loss of a batch.

        Each epoch has random numbers of its own, so that a resumed run drops out what an undisturbed one does.
        """
        if step == 0:
            torch.manual_seed(self.settings.seed + 1_000_003 * (self.current_epoch + 1))
        logits, embedding = self.network(batch.prepared)
        bits = batch.bits.to(logits.device)
        loss = self._loss(logits, embedding, bits, batch).mean()
        auxiliary = self.network.head.auxiliary_loss(embedding, bits)
        if auxiliary is not None:
            loss = loss + auxiliary
        if batch.synthetic is not None:
            prepared, synthetic_bits = batch.synthetic
            loss = loss + self.settings.synthetic_share * bce_iou_loss(self.network(prepared)[0], synthetic_bits).mean()
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(bits), prog_bar=True)
        return loss

    def _loss(self, logits: Tensor, embedding: Tensor, bits: Tensor, batch: Batch) -> Tensor:
        if batch.candidates is None or self.network.scorer is None:
            return self.criterion(logits, bits)
        scores = self.network.scorer(logits, embedding, batch.candidates)
        first = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
        ranking: Tensor = self.criterion(logits, bits, scores, first, batch.candidates.mask)
        if self.settings.bits_weight == 0:
            return ranking
        return ranking + self.settings.bits_weight * bce_iou_loss(logits, bits)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Keep the predictions of a batch, and how often the right candidate is first."""
        logits, embedding = self.network(batch.prepared)
        self.outputs.append((torch.sigmoid(logits).cpu().numpy(), batch.bits.cpu().numpy().astype(np.uint8)))
        if batch.candidates is not None and self.network.scorer is not None:
            scores = self.network.scorer(logits, embedding, batch.candidates)
            self.first_hits.append((scores[:, 1:].amax(dim=1) < scores[:, 0]).float().cpu())

    def on_validation_epoch_end(self) -> None:
        """Log the mean Tanimoto at the best threshold, and the share of first hits."""
        probabilities = np.concatenate([part[0] for part in self.outputs])
        bits = np.concatenate([part[1] for part in self.outputs])
        self.outputs.clear()
        threshold, tanimoto = best_bit_threshold(probabilities, bits, _THRESHOLDS)
        self.log_dict({"val_tanimoto": tanimoto, "val_threshold": threshold}, prog_bar=True)
        if self.first_hits:
            self.log("val_hit@1", float(torch.cat(self.first_hits).mean()), prog_bar=True)
            self.first_hits.clear()

    def configure_optimizers(self) -> Any:
        """AdamW with warm-up and cosine decay."""
        parameters = [*self.network.parameters(), *self.criterion.parameters()]
        return adamw(parameters, self.settings, self.trainer.world_size)
