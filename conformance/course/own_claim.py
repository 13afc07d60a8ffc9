"""Tries a learner's claim on the zoo's wrong searches, of which it should catch some, and on right ones."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.claims import BY_NAME
from conformance.claims.claim import ANSWERS
from conformance.claims.claim import Claim as SuiteClaim
from conformance.course.innocents import INNOCENTS
from conformance.targets.places import in_one_line
from conformance.zoo import ZOO
from conformance.zoo.base import Mutant, Search
from conformance.zoo.distances import ByFormula
from conformance.zoo.host import planted

CALLS = 20  # of the claim on each search, with other data each time
ENOUGH = 8  # wrong searches to be caught
NOT_SEEN = {  # mutants whose bug is elsewhere than in a function of X, Q and k in float64
    *("Float32Stays", "PixelsWrap", "HalfSquares"),  # in small types
    *("LeftToRight", "LeftToRightOnTheDiagonal", "TwinsApart"),  # in the last bits
    *("DropsTheFirst", "KOfTheConstructor", "IndicesInOrder", "PairsSwapped", "PowersOff"),  # in other questions
    *("Squeezed", "WrongAxis", "SortsTheWrongAxis"),  # in shapes that a claim hardly asks for
    *("ScaledWithTheQueries", "QueriesScaledByThemselves"),  # in methods that the host lacks: every claim catches them
}
NOT_ASKED = (
    "radius",
    "among",
    "sample weight",
    "options",
    "sparse",
    "tensors",
    "updates",
    "metrics",
)  # levels of other questions
Kneighbors = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
Claim = Callable[[Kneighbors, np.random.Generator], None]


def judge(claim: Claim) -> dict[str, Any]:
    """The verdict as a line of the worker: solved if enough wrong searches are caught, and no right one is accused."""
    if reason := _cannot_be_tried(claim):
        return {"fails": "the claim can be tried", "message": reason, "open": reason == "NotImplementedError"}
    suspects = wrong_searches()
    caught = [mutant for mutant in suspects if accused(claim, as_function(mutant)) is not None]
    for story, innocent in INNOCENTS.items():  # last, so that a claim which counts its calls accuses them too
        if error := accused(claim, innocent):
            message = f"it accuses {story}: {in_one_line(error)}"
            return {"fails": "no right search is accused", "message": message}
    missed = [mutant for mutant in suspects if mutant not in caught]
    line = {"caught": _told(caught), "missed": _told(missed), "of": len(suspects)}
    if len(caught) < ENOUGH:
        message = f"it catches {len(caught)} of {len(suspects)} wrong searches, and should catch {ENOUGH} or more"
        return {"fails": "wrong searches are caught", "message": message, **line}
    return {"holds": f"it catches {len(caught)} of {len(suspects)} wrong searches, and accuses no right one", **line}


def _cannot_be_tried(claim: Claim) -> str:
    """The reason if the claim is still to be written, or raises something other than AssertionError."""
    [first, *_] = INNOCENTS.values()
    error = accused(claim, first)
    if error is None or isinstance(error, AssertionError):
        return ""
    return in_one_line(error)


def accused(claim: Claim, kneighbors: Kneighbors) -> BaseException | None:
    """The first exception that the claim raises on a search; None if it holds."""
    for seed in range(CALLS):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                claim(kneighbors, np.random.default_rng(seed))
        except Exception as error:
            return error
    return None


def wrong_searches() -> list[type[Mutant]]:
    """The mutants of the zoo that find wrong neighbours, or wrong distances, as a function of X, Q and k."""
    found = [mutant for mutant in ZOO if issubclass(mutant, Search) and _is_asked(BY_NAME[mutant.claim])]
    return [mutant for mutant in found if _is_euclidean(mutant) and mutant.__name__ not in NOT_SEEN]


def _is_asked(claim: SuiteClaim) -> bool:
    return claim.kind == ANSWERS and claim.level not in NOT_ASKED


def _is_euclidean(mutant: type[Mutant]) -> bool:
    return not issubclass(mutant, ByFormula) or "euclidean" in mutant.mistaken


def as_function(mutant: type[Mutant]) -> Kneighbors:
    """The mutant as a function of rows, queries and k."""
    model = planted(mutant)
    assert model is not None

    def kneighbors(X: np.ndarray, Q: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return model(k).fit(X).kneighbors(np.asarray(Q, dtype=float))

    return kneighbors


def _told(mutants: list[type[Mutant]]) -> list[str]:
    return [f"{mutant.__name__}: {mutant.__doc__}" for mutant in mutants]
