"""Tries one claim on one target: first on the pinned cases, then on drawn ones; and shrinks a case that fails."""

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings

from conformance.cases.case import to_json
from conformance.claims import BY_NAME
from conformance.claims.claim import Claim
from conformance.runner.plain_draws import PLAIN
from conformance.targets import Target, load_target
from conformance.targets.adapters import Missing

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
    case: dict[str, Any] | None = None  # the smallest that fails, see ``to_json``
    shown: str = ""  # the same as code
    calls: list[str] = field(default_factory=list)  # the calls of the target for that case, as code

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def deep(minutes: float, claims: int) -> Profile:
    """A profile in which each claim draws during an equal share of the minutes."""
    share = 60 * minutes / claims
    return Profile(draws=10**6, budget=share, limit=2 * share + 60)


def seed_of(claim: Claim, seed: int) -> int:
    """The seed of a claim's draws; made from its name, so that it does not depend on other claims."""
    return int.from_bytes(hashlib.sha256(f"{claim.name} {seed}".encode()).digest()[:8])


def run_claim(
    target: Target, claim: Claim, profile: Profile, seed: int = 0, pins: Iterable[Any] = (), shrink: bool = True
) -> Result:
    """Tries a claim on the pinned cases, and then on drawn ones; an exception of the target becomes a result."""
    start = perf_counter()
    trial = Trial(target, claim, start + profile.budget)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for case in pins:
                trial.replay(case)
            trial.patience += len(trial.missing)
            _search(trial, max(1, round(claim.effort * profile.draws)), seed_of(claim, seed), shrink)
        except _Enough:
            result = trial.survived()
        except FAILURES:
            if trial.failure is None:  # an exception of this suite, not of the target
                raise
            result = trial.failed()
        else:
            result = trial.survived()
    result.seconds = perf_counter() - start
    return result


FAILURES = (Exception, SystemExit)  # exceptions that a target may raise
Failure = tuple[Any, BaseException, list[str]]  # the case, the exception, and the calls before it


class _Enough(BaseException):
    """Ends a search; not an Exception, because Hypothesis would take that for a failure."""


class Trial:
    """One claim on trial: counts the cases that were judged, and keeps the last one that failed."""

    def __init__(self, target: Target, claim: Claim, stop: float) -> None:
        self.target, self.claim, self.stop = target, claim, stop
        self.judged = 0
        self.missing: list[str] = []
        self.patience = TRIED_IN_VAIN
        self.failure: Failure | None = None
        self.known: dict[str, Failure] = {}  # failing cases, so that the smallest fails again when time is up

    def draw(self, case: Any) -> None:
        """Tries a drawn case while there is time; afterwards only cases that are known to fail raise."""
        now = perf_counter()
        if self.failure is None and (now > self.stop or self._is_in_vain()):
            raise _Enough
        if self.failure is None or now <= self.stop:
            self.replay(case)
        elif repr(case) in self.known:
            self.failure = self.known[repr(case)]
            raise self.failure[1]

    def replay(self, case: Any) -> None:
        """Tries a case; an exception is kept and raised."""
        self.target.begin()
        try:
            self.claim.function(self.target, case)
            self.judged += bool(self.target.calls)  # for some cases a claim asks nothing
        except Missing as missing:
            self.missing.append(str(missing))
        except FAILURES as error:
            if self.failure is None:
                self.stop = min(self.stop, perf_counter() + SHRINKING)
            self.failure = self.known[repr(case)] = (case, error, [str(call) for call in self.target.calls])
            raise

    def _is_in_vain(self) -> bool:
        return not self.judged and len(self.missing) >= self.patience

    def survived(self) -> Result:
        if not self.judged:
            reason = self.missing[0] if self.missing else "no case asked anything, or there was no time"
            return Result(self.claim.name, "skipped", message=reason)
        return Result(self.claim.name, "holds", self.judged)

    def failed(self) -> Result:
        assert self.failure is not None
        case, error, calls = self.failure
        verdict = "FAILS" if isinstance(error, AssertionError) else "raises"
        message = str(error) if verdict == "FAILS" else f"{type(error).__name__}: {error}"
        return Result(
            self.claim.name,
            verdict,
            self.judged + 1,
            message=message,
            case=to_json(case),
            shown=repr(case),
            calls=calls,
        )


def _search(trial: Trial, draws: int, seed: int, shrink: bool) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=draws,
        backend=PLAIN,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(trial.claim.strategy)
    def holds(case: Any) -> None:
        trial.draw(case)

    holds()


def replay(target: str, claim: str, case: Any, device: str | None = None, task: str = "") -> None:
    """Tries a claim on one case, and raises if it fails; the code in a failure report ends with this call."""
    BY_NAME[claim].function(load_target(target, device, task), case)
