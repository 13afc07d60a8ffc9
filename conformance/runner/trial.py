"""Tries one claim on one target: first on the pinned cases, then on drawn ones; and shrinks a case that fails."""

import hashlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import Any, NamedTuple

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, settings

from conformance.cases import Case
from conformance.cases.case import to_json
from conformance.claims import BY_NAME
from conformance.claims.claim import Claim
from conformance.runner.plain_draws import PLAIN
from conformance.targets import Target, load_target
from conformance.targets.errors import Avoided, Missing, NotOffered
from conformance.targets.fitted import as_lines
from conformance.targets.places import in_one_line, is_deliberate, is_of_target, place_of
from conformance.targets.triggers import TRIGGERS

SHRINKING = 5.0  # seconds, after which the smallest case so far is reported
TRIED_IN_VAIN = 10  # draws that the target could not answer, after which a claim is skipped


@dataclass(frozen=True)
class Profile:
    """How much is tried: draws for each claim, seconds until it stops drawing, seconds until it counts as hanging."""

    draws: int
    budget: float
    limit: float


PROFILES = {
    "quick": Profile(draws=20, budget=3.0, limit=20.0),
    "default": Profile(draws=100, budget=10.0, limit=60.0),
}


@dataclass
class Result:
    """The result of one claim: holds, FAILS, raises or skipped; seen from outside the process also hangs or crashes."""

    claim: str
    verdict: str
    draws: int = 0
    seconds: float = 0.0
    message: str = ""
    where: str = ""  # the line of the target that raised, or else the method that was called last
    met: list[str] = field(default_factory=list)  # the triggers in the questions of the case that fails
    cause: str = ""  # the trigger without which the claim holds, see ``runner.causes``
    case: dict[str, Any] | None = None  # the smallest that fails, see ``to_json``
    shown: str = ""  # the same as code
    calls: list[str] = field(default_factory=list)  # the calls of the target for that case, as code
    drawn: "Result | None" = None  # the failure on a larger case, which tells more about the bug

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(replace(self, drawn=None)).items() if name != "drawn"}

    def copy(self) -> "Result":
        return replace(self)


def deep(minutes: float, claims: int) -> Profile:
    """A profile in which each claim draws during an equal share of the minutes."""
    share = 60 * minutes / claims
    return Profile(draws=10**6, budget=share, limit=2 * share + 60)


def seed_of(claim: Claim, seed: int) -> int:
    """The seed of a claim's draws; made from its name, so that it does not depend on other claims."""
    return int.from_bytes(hashlib.sha256(f"{claim.name} {seed}".encode()).digest()[:8])


def run_claim(
    target: Target,
    claim: Claim,
    profile: Profile,
    seed: int = 0,
    pins: Iterable[Any] = (),
    shrinking: float = SHRINKING,
    cases: Iterable[Any] | None = None,
) -> Result:
    """Tries a claim on the pinned cases, and then on drawn ones; an exception of the target becomes a result.

    ``shrinking`` is the number of seconds in which a smaller case that fails is looked for. If ``cases`` are given,
    they are tried in place of the drawn ones, and a failure is not made smaller.
    """
    start = perf_counter()
    trial = Trial(target, claim, start + profile.budget, shrinking)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for case in pins:
                trial.replay(case)
            trial.patience += trial.in_vain
            if cases is None:
                for_each_drawn(claim, trial.draw, profile.draws, seed, shrinking > 0)
            else:
                for case in cases:
                    trial.draw(case)
        except _Enough:
            result = trial.survived() if trial.failure is None else trial.failed()
        except FAILURES:
            if trial.failure is None:  # an exception of this suite, not of the target
                raise
            result = trial.failed()
        else:
            result = trial.survived()
    result.seconds = perf_counter() - start
    return result


FAILURES = (Exception, SystemExit)  # exceptions that a target may raise


class Failure(NamedTuple):
    """A case on which a claim failed, the exception, the calls before it, and the triggers that were met."""

    case: Any
    error: BaseException
    calls: list[str]
    method: str  # that was called last, with its place
    met: list[str]


class _Enough(BaseException):
    """Ends a search; not an Exception, because Hypothesis would take that for a failure."""


class Trial:
    """One claim on trial: counts the cases that were judged, and keeps the last one that failed."""

    def __init__(self, target: Target, claim: Claim, stop: float, shrinking: float) -> None:
        self.target, self.claim, self.stop, self.shrinking = target, claim, stop, shrinking
        self.judged = 0
        self.missing: list[str] = []
        self.in_vain = 0  # cases that could not be asked
        self.patience = TRIED_IN_VAIN
        self.failure: Failure | None = None
        self.known: dict[str, Failure] = {}  # failing cases, so that the smallest fails again when time is up

    def draw(self, case: Any) -> None:
        """Tries a drawn case while there is time, and at least one.

        A case that is known to fail raises without being tried again.
        """
        is_late = perf_counter() > self.stop
        if self.failure is None and ((is_late and self.judged) or self._is_in_vain()):
            raise _Enough
        if self.failure is not None and repr(case) in self.known:
            self.failure = self.known[repr(case)]
            raise self.failure.error
        if self.failure is not None and is_late:  # Hypothesis would draw many smaller cases more
            raise _Enough
        self.replay(case)

    def replay(self, drawn: Any) -> None:
        """Tries a case; an exception is kept and raised."""
        case = self.target.prepared(drawn)
        self.target.begin()
        try:
            self.claim.function(self.target, case)
            self.judged += bool(self.target.calls)  # for some cases a claim asks nothing
        except Missing as missing:
            self.missing.append(str(missing))
            self.in_vain += not isinstance(missing, Avoided)
            if isinstance(missing, NotOffered):
                raise _Enough from missing
        except FAILURES as error:
            if _refuses_type(error, case):
                self.missing.append(f"{case.X.dtype} is refused: {error}")
                self.in_vain += 1
                return
            if self.failure is None:
                self.stop = min(self.stop, perf_counter() + self.shrinking)
            calls = as_lines(self.target.calls)
            met = sorted(self.target.met(), key=list(TRIGGERS).index)
            self.failure = Failure(case, error, calls, self.target.last_method(), met)
            self.known[repr(drawn)] = self.failure
            raise

    def _is_in_vain(self) -> bool:
        return not self.judged and self.in_vain >= self.patience

    def survived(self) -> Result:
        if not self.judged:
            reason = self.missing[0] if self.missing else "no case asked anything"
            return Result(self.claim.name, "skipped", message=reason)
        return Result(self.claim.name, "holds", self.judged)

    def failed(self) -> Result:
        assert self.failure is not None
        case, error, calls, method, met = self.failure
        verdict = "raises" if is_of_target(error) else "FAILS"
        text = str(error) if isinstance(error, AssertionError) else f"its answer is of no use: {in_one_line(error)}"
        return Result(
            self.claim.name,
            verdict,
            self.judged + 1,
            message=in_one_line(error, 1000) if verdict == "raises" else text,
            where=(place_of(error) if verdict == "raises" else "") or method,
            met=met,
            case=to_json(case),
            shown=repr(case),
            calls=calls,
        )


def _refuses_type(error: BaseException, case: Any) -> bool:
    """Whether the target has refused numbers of another type than float64 on purpose."""
    is_refusal = isinstance(error, TypeError | ValueError) and is_of_target(error) and is_deliberate(error)
    return is_refusal and isinstance(case, Case) and case.X.dtype != np.float64


def for_each_drawn(claim: Claim, judge: Callable[[Any], None], draws: int, seed: int, shrink: bool) -> None:
    """Calls a function for each case that is drawn for the claim: the same ones for the same seed."""

    @hypothesis.seed(seed_of(claim, seed))
    @settings(
        max_examples=max(1, round(claim.effort * draws)),
        backend=PLAIN,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(claim.strategy)
    def holds(case: Any) -> None:
        judge(case)

    holds()


def replay(target: str, claim: str, case: Any, **options: str) -> None:
    """Tries a claim on one case, and raises if it fails; the code in a failure report ends with this call.

    The options are those of ``load_target``.
    """
    loaded = load_target(target, **options)
    BY_NAME[claim].function(loaded, loaded.prepared(case))
