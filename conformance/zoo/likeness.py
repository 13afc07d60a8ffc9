"""Names the bugs of the zoo that a failing implementation is most like, by the claims that fail."""

from collections.abc import Collection
from math import exp, log
from typing import NamedTuple

from conformance.claims import BY_NAME
from conformance.zoo.signatures import Signatures

SURE = 0.97  # a mutant's claim fails or holds on another implementation with the same bug as often as this


class Likeness(NamedTuple):
    """A mutant, and the probability of its bug among those of the zoo that break the same claim."""

    mutant: str
    probability: float


def alike(
    claim: str, failed: set[str], held: set[str], signatures: Signatures, naming: Collection[str] = ()
) -> list[Likeness]:
    """The mutants that the claim catches, the likeliest first; those of ``naming`` name the claim.

    Each mutant was tried several times. If a claim caught it in a share s of these runs, the claim is taken to fail
    with probability s, kept away from 0 and 1, on any implementation with the same bug, independently of other claims;
    and all mutants are taken to be as frequent, but those that name the claim twice as frequent as others. So the
    probability of a mutant is the product of these numbers, divided by the sum for all mutants. Only claims of the same
    kind count: a class that counts votes wrongly may check no input.
    """
    kind = BY_NAME[claim].kind
    evidence = {name: name in failed for name in failed | held if BY_NAME[name].kind == kind}
    scores = {
        mutant: log(2.0 if mutant in naming else 1.0)
        + sum(_log_probability(caught.get(name, 0.0), fails) for name, fails in evidence.items())
        for mutant, caught in signatures.items()
        if claim in caught
    }
    best = max(scores.values(), default=0.0)
    weights = {mutant: exp(score - best) for mutant, score in scores.items()}
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda mutant: -weights[mutant])
    return [Likeness(mutant, weights[mutant] / total) for mutant in ranked]


def _log_probability(share: float, fails: bool) -> float:
    """The logarithm of the probability that a claim fails, or that it holds, which is caught in a share of the runs."""
    chance = (1 - SURE) + (2 * SURE - 1) * share
    return log(chance if fails else 1 - chance)
