"""What happens to a model that reads its own words instead of the text's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64

from nextword.models.neural import NeuralLanguageModel, check_temperature, drawn
from nextword.models.recurrent import recurrent_network


@dataclass(frozen=True)
class Drift:
    """One text, predicted twice: by a model that reads it, and by one that reads itself.

    Attributes
    ----------
    forced
        Log-probability of each true token where the true words were read (teacher forcing).
    free
        The same where the model read words that it drew itself.
    real
        Which places are tokens: rows have different lengths.
    written
        The sentences that it drew meanwhile, each to its end, or as far as it was let.
    """

    forced: Float[np.ndarray, "sentences places"]
    free: Float[np.ndarray, "sentences places"]
    real: Bool[np.ndarray, "sentences places"]
    written: list[list[str]]

    def by_place(self, at_least: int = 1) -> list[tuple[int, float, float]]:
        """Return, for each place, its number from 1 and both mean log-probabilities in nats.

        Parameters
        ----------
        at_least
            Leave out places that fewer sentences have.
        """
        return [
            (
                place + 1,
                float(self.forced[there, place].mean()),
                float(self.free[there, place].mean()),
            )
            for place, there in enumerate(self.real.T)
            if there.sum() >= max(1, at_least)
        ]

    @classmethod
    def of(
        cls,
        model: NeuralLanguageModel,
        sentences: Sequence[Sequence[str]],
        rng: np.random.Generator,
        temperature: float = 1.0,
        longest: int = 0,
    ) -> Drift:
        """Measure a recurrent model on sentences.

        Parameters
        ----------
        model
            A recurrent model.
        sentences
            Lists of words.
        rng
            Where its own words come from.
        temperature
            Of the drawing; 0 takes the most probable word.
        longest
            Let it write on, where the text's longest sentence has fewer tokens than this.

        Raises
        ------
        NotRecurrentError
            The model has no state.
        NoSentencesError
            There is no sentence.
        TemperatureError
            The temperature is negative or no number.
        """
        network = recurrent_network(model)
        check_temperature(temperature)
        (batch,) = model.reader.read(sentences).batches(len(sentences))
        with torch.no_grad():
            forced = _of_targets(network(batch.inputs), batch.targets)
            fed, state, free, words = batch.inputs[:, :1], None, [], []
            for place in range(max(batch.targets.shape[1], longest)):
                state = network.states(fed, state)[:, -1]
                logits = network.output(state)
                if place < batch.targets.shape[1]:
                    free.append(_of_targets(logits, batch.targets[:, place]))
                numbers = drawn(logits.double().numpy(), temperature, rng)
                words.append(numbers)
                fed = torch.from_numpy(numbers)[:, None]
        written = [_until_end(row, model) for row in np.stack(words, 1)]
        return cls(forced, np.stack(free, 1), batch.mask.numpy(), written)


def _of_targets(logits: torch.Tensor, targets: torch.Tensor) -> Float[np.ndarray, ...]:
    log_probs = torch.log_softmax(logits.double(), dim=-1)
    return np.asarray(log_probs.gather(-1, targets[..., None])[..., 0].numpy())


def _until_end(numbers: Int64[np.ndarray, " places"], model: NeuralLanguageModel) -> list[str]:
    words = model.vocab.decode(numbers)
    end = model.vocab.words[model.vocab.eos]
    return words[: words.index(end)] if end in words else words
