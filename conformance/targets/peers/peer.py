"""A peer: another library, with the classes that are tried and the claims that are known not to hold for it."""

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

from conformance.targets.errors import TargetError


class Peer(NamedTuple):
    """Another library that is a target by name."""

    name: str
    module: str
    package: str  # as pip knows it
    classes: Callable[[], list[Callable[..., Any]]]  # imports the library
    differences: dict[str, tuple[str, ...]]  # the claims that do not hold, under the reason for which they do not

    @property
    def is_installed(self) -> bool:
        return find_spec(self.module) is not None

    @property
    def absence(self) -> str:
        """The line for a library that is not installed."""
        return f"{self.name} is not installed: pip install {self.package}"

    @property
    def version(self) -> str:
        return version(self.package)

    @property
    def known(self) -> dict[str, str]:
        """The reason for each claim that does not hold."""
        return {claim: reason for reason, claims in self.differences.items() for claim in claims}

    def load(self) -> list[Callable[..., Any]]:
        """The classes to try. Raises TargetError where the library is not installed."""
        if not self.is_installed:
            raise TargetError(self.absence)
        return self.classes()
