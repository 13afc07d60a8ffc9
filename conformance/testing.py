"""Tries the claims from Python and from pytest, in a process of its own for each model, as the command line does.

Imports are in the functions: a file that calls ``adapt`` alone need not wait for Hypothesis.
"""

import atexit
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.runner import Result
    from conformance.runner.isolation import Session


def check(
    model: Any,
    *,
    profile: str = "quick",
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    expected: Mapping[str, str] | None = None,
    strict: bool = False,
    task: str = "",
    n_neighbors: str = "",
    method: str = "",
) -> "list[Result]":
    """Tries the claims on a class, a fitted or unfitted model, or a function, and returns the results.

    ``task``, ``n_neighbors`` and ``method`` are those of the command line: the task, and the model's names for its
    number of neighbours and for the method to ask.
    ``only`` and ``skip`` name claims or levels; ``expected`` has the claims that are known to fail, with reasons;
    ``strict`` makes failures of conventions too.

    Raises AssertionError with the block "Fix next" if a claim fails, or if an expected failure is gone, ValueError for
    a name that is no claim's and no profile's, and TargetError for a model that can be tried on none of the claims.

    >>> from sklearn.neighbors import NearestNeighbors
    >>> results = check(NearestNeighbors, only=["nearest_on_a_lattice", "distances_never_fall"])
    >>> [result.verdict for result in results]
    ['holds', 'holds']
    """
    __tracebackhide__ = True
    from conformance.runner.causes import grouped
    from conformance.runner.check import Options, try_claims
    from conformance.runner.fix_next import fix_next
    from conformance.runner.pickled import session_of
    from conformance.runner.report import NOTHING_TRIED, status
    from conformance.targets.errors import TargetError

    expected = _known(expected)
    named = task, n_neighbors, method
    with session_of(model, _chosen(only, skip), _known_profile(profile), *named) as session:
        results = try_claims(session, Options(profile, expected, strict))
        if status(results) == NOTHING_TRIED:
            raise TargetError(f"no claim can be tried on {_name_of(model)}: {results[0].message}")
        if groups := grouped(results):
            raise AssertionError("\n".join(fix_next(groups[0], results, session.header)))
    return results


def parametrize_with_claims(
    models: Iterable[Any],
    *,
    expected: Mapping[str, str] | None = None,
    profile: str = "quick",
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    task: str = "",
    n_neighbors: str = "",
    method: str = "",
) -> Callable[[Any], Any]:
    """A pytest decorator that calls a test with each model and each claim: ``def test(model, claim): claim(model)``.

    A claim that the model does not offer the means for is skipped, one of ``expected`` must fail, and a convention on
    which the model differs is an expected failure. The test's name has the model and the claim.

    Raises ValueError for a name that is no claim's and no profile's.
    """
    import pytest

    known = _known(expected)
    marked = {name: pytest.mark.xfail(reason=reason, strict=True) for name, reason in known.items()}
    models = list(models)
    how = _known_profile(profile), (task, n_neighbors, method)
    trials = [
        pytest.param(model, _Trial(name, *how), id=f"{shown}-{name}", marks=marked.get(name, ()))
        for model, shown in zip(models, _different([_name_of(model) for model in models]), strict=True)
        for name in _chosen(only, skip)
    ]
    return pytest.mark.parametrize(("model", "claim"), trials)


class _Trial:
    """A claim to be called with a model: the test that calls it fails, is skipped, or passes as the claim does."""

    def __init__(self, name: str, profile: str, named: tuple[str, ...]) -> None:
        self.name, self.profile, self.named = name, profile, named

    def __repr__(self) -> str:
        return self.name

    def __call__(self, model: Any) -> None:
        __tracebackhide__ = True
        import pytest

        from conformance.runner.causes import Group
        from conformance.runner.fix_next import fix_next
        from conformance.runner.report import judged

        session = _lasting_session(_Same(model), self.profile, self.named)
        result = judged({}, session.try_claim(self.name))
        if result.verdict == "skipped":
            pytest.skip(result.message)
        if result.verdict == "differs":
            pytest.xfail(f"a convention: {result.message}")
        if result.verdict != "holds":
            pytest.fail("\n".join(fix_next(Group([result]), [result], session.header)), pytrace=False)


class _Same:
    """A model that is equal to itself alone, so that each has one process, whether or not it can be hashed."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.model is other.model

    def __hash__(self) -> int:
        return id(self.model)


@cache
def _lasting_session(same: _Same, profile: str, named: tuple[str, ...]) -> "Session":
    """The process in which all claims are tried on a model, until Python ends."""
    from conformance.runner.pickled import session_of

    session = session_of(same.model, [], profile, *named)
    atexit.register(session.close)
    return session


def _name_of(model: Any) -> str:
    """The class's name, or the code that makes the model, in one line.

    >>> from sklearn.neighbors import NearestNeighbors
    >>> _name_of(NearestNeighbors), _name_of(NearestNeighbors(n_neighbors=3))
    ('NearestNeighbors', 'NearestNeighbors(n_neighbors=3)')
    """
    if hasattr(model, "__name__"):
        return str(model.__name__)
    shown = " ".join(repr(model).split())
    return type(model).__name__ if " at 0x" in shown else shown


def _different(names: list[str]) -> list[str]:
    """The names, numbered where they are the same.

    >>> _different(["KNN", "Ball", "KNN"])
    ['KNN', 'Ball', 'KNN#2']
    """
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name}#{count}" for name, count in zip(names, counts, strict=True)]


def _chosen(only: Iterable[str], skip: Iterable[str]) -> list[str]:
    from conformance.claims import choose

    return choose(*([names] if isinstance(names, str) else list(names) for names in (only, skip)))


def _known_profile(name: str) -> str:
    from conformance.runner import PROFILES

    if name not in PROFILES:
        raise ValueError(f"profile={name!r} must be one of {', '.join(PROFILES)}")
    return name


def _known(expected: Mapping[str, str] | None) -> dict[str, str]:
    from conformance.claims import BY_NAME, choose

    known = dict(expected or {})
    for name in known:
        choose([name], [])  # raises ValueError for a name that is no claim's
        if name not in BY_NAME:
            raise ValueError(f"expected names the level {name!r}; name its claims")
    return known
