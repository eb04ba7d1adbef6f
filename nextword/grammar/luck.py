"""Better than the truth by more than luck allows."""

import math


def beyond_luck(model_log_prob: float, true_log_prob: float, *, chance: float = 1e-6) -> bool:
    """Tell whether a model has seen the text that it should have predicted.

    On text drawn from the truth p, the ratio q/p of any normalised model q has expectation 1 or
    less, so that it exceeds 1/chance with a probability below `chance` (Markov's inequality). This
    says nothing of a model whose probabilities do not sum to 1: test that as well.

    Parameters
    ----------
    model_log_prob : float
        Log-probability that the model gives to all of the text, in nats.
    true_log_prob : float
        Log-probability of the same text under the grammar that it was drawn from, in nats.
    chance : float
        How often, above 0 and below 1, an honest model may be suspected.

    Returns
    -------
    bool
        True where luck is no explanation.

    Raises
    ------
    ValueError
        The text cannot come from the grammar, the model's number is nan, or `chance` is not
        between 0 and 1.

    Examples
    --------
    >>> beyond_luck(-987.0, -1000.0), beyond_luck(-986.0, -1000.0)
    (False, True)
    """
    if not math.isfinite(true_log_prob):
        raise ValueError(
            f"expected a finite true_log_prob, got {true_log_prob}: this text cannot come from the "
            "grammar; was it made with other parameters?"
        )
    if math.isnan(model_log_prob):
        raise ValueError("expected a number as model_log_prob, got nan")
    if not 0 < chance < 1:
        raise ValueError(f"expected chance between 0 and 1, got {chance}")
    return model_log_prob - true_log_prob > -math.log(chance)
