"""Names the bugs of the zoo that a failing implementation is most like: by the claims that fail, and by its answers."""

import warnings
from collections.abc import Collection, Iterable
from contextlib import redirect_stdout
from io import StringIO
from math import exp, log
from typing import NamedTuple

from conformance.cases.case import from_json
from conformance.claims import BY_NAME
from conformance.runner.causes import BROKEN
from conformance.runner.trial import Result
from conformance.targets import Target
from conformance.targets.errors import Missing
from conformance.targets.places import in_one_line
from conformance.zoo import who_names
from conformance.zoo.forms import Form, target_of
from conformance.zoo.signatures import Signatures, read_signatures

SURE = 0.97  # a mutant's claim fails or holds on another implementation with the same bug as often as this
MOST, COMPARED = 12, 12  # mutants that are tried on the failing cases, and cases on which they are tried
SAME, OTHER, NONE = 0.9, 0.08, 0.02  # how often the same bug gives the same wrong answer, another one, or a right one
MOSTLY = 0.7  # the share of a mutant's answers that must be the same wrong ones; an unknown bug gives some of them
UNLIKELY, UNSURE = 0.05, 0.2  # bugs that are less probable are not named: the second likeliest, and the likeliest


class Likeness(NamedTuple):
    """A mutant, the probability of its bug among those of the zoo, and whether it gives most of the wrong answers."""

    mutant: str
    probability: float
    is_same: bool = True


def named(found: list[Likeness]) -> list[Likeness]:
    """The bugs that a report names: at most two that give mostly the same wrong answers, if they are probable."""
    first_two = [likeness for likeness in found[:2] if likeness.is_same]
    return [one for one in first_two if one.probability >= (UNSURE if one is found[0] else UNLIKELY)]


def likeliest(first: Result, results: Iterable[Result], form: Form) -> list[Likeness]:
    """The mutants that the failures are most like, tried in the form of the class."""
    results, kind = list(results), BY_NAME[first.claim].kind
    broken = [result for result in results if result.verdict in (*BROKEN, "differs")]
    if first.verdict != "raises":  # where one implementation of a bug raises, another may answer wrongly
        broken = [result for result in broken if result.verdict != "raises"]
    held = {result.claim for result in results if result.verdict == "holds"}
    likely = alike(
        first.claim, {result.claim for result in broken}, held, read_signatures(form), who_names(first.claim)
    )
    others = [result for result in broken if result is not first and BY_NAME[result.claim].kind == kind]
    return compared(likely, [first, *others], form)


def alike(
    claim: str, failed: Collection[str], held: Collection[str], signatures: Signatures, naming: Collection[str] = ()
) -> list[Likeness]:
    """The mutants by the probability of their bug, given the claims that failed and those that held.

    Each mutant was tried several times, and a claim caught it in a share s of these runs. On an implementation with the
    same bug the claim is taken to fail with probability s, kept away from 0 and 1, and independently of other claims.
    The mutants of ``naming``, which name the claim, are taken to be twice as frequent as the others. A mutant's
    probability is proportional to the product of these numbers. Only claims of the same kind count: a class that counts
    votes wrongly may check no input.
    """
    kind = BY_NAME[claim].kind
    evidence = {name: name in failed for name in {*failed, *held} if BY_NAME[name].kind == kind}
    scores = {
        mutant: log(2.0 if mutant in naming else 1.0)
        + sum(_log_probability(caught.get(name, 0.0), fails) for name, fails in evidence.items())
        for mutant, caught in signatures.items()
    }
    return _ranked(scores, dict.fromkeys(scores, True))


def compared(likely: list[Likeness], failures: list[Result], form: Form) -> list[Likeness]:
    """The likeliest mutants again, after a comparison of their wrong answers with those of the failures.

    A mutant is tried on the very cases. The probabilities are multiplied by ``SAME`` for each answer that is the same,
    by ``OTHER`` for another wrong answer, and by ``NONE`` for a right one.
    """
    scores, same = {}, {}
    for likeness in likely[:MOST]:
        drawn = [failure.drawn or failure for failure in failures[:COMPARED]]
        replies = [_reply(target_of(likeness.mutant, form), failure) for failure in drawn]
        known = [reply for reply in replies if reply is not None]
        scores[likeness.mutant] = log(max(likeness.probability, 1e-300)) + sum(map(log, known))
        same[likeness.mutant] = known.count(SAME) >= MOSTLY * len(known)
    return _ranked(scores, same)


def _reply(target: Target, failure: Result) -> float | None:
    """How probable the failure is for the mutant's bug; None where the mutant cannot be asked."""
    if failure.case is None:
        return None
    case = from_json(failure.case)
    with redirect_stdout(StringIO()), warnings.catch_warnings(action="ignore"):  # mutants may print and overflow
        try:
            BY_NAME[failure.claim].function(target, target.prepared(case))
        except Missing:
            return None
        except Exception as error:
            return SAME if failure.message in (str(error), in_one_line(error, 1000)) else OTHER
    return NONE


def _log_probability(share: float, fails: bool) -> float:
    """The logarithm of the probability that a claim fails, or that it holds, which is caught in a share of the runs."""
    chance = (1 - SURE) + (2 * SURE - 1) * share
    return log(chance if fails else 1 - chance)


def _ranked(scores: dict[str, float], same: dict[str, bool]) -> list[Likeness]:
    """The mutants by their scores, which are logarithms of probabilities that need not add up to 1."""
    best = max(scores.values(), default=0.0)
    weights = {mutant: exp(score - best) for mutant, score in scores.items()}
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda mutant: -weights[mutant])
    return [Likeness(mutant, weights[mutant] / total, same[mutant]) for mutant in ranked]
