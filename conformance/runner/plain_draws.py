"""Hypothesis's draws without the constants that it collects from source code.

Hypothesis also draws numbers that occur in the source code of loaded modules. The draws of a claim would then change
with the source of the target, and with that of the other claims. There is no public switch for it, so this overrides a
private method; ``pyproject.toml`` allows only versions of Hypothesis that have it, and a test tells when it is gone.
"""

from typing import Any

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

PLAIN = "plain"  # the name of the backend, for ``hypothesis.settings``


class PlainProvider(HypothesisProvider):
    def _maybe_draw_constant(self, *args: Any, **kwargs: Any) -> None:
        return None


AVAILABLE_PROVIDERS[PLAIN] = PlainProvider
