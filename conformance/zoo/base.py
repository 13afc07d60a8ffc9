"""The classes that mutants are made from: those of ``reference``, whose steps are methods that a mutant overrides.

A mutant's docstring tells its bug, ``claim`` names the claim that must catch it, ``seen`` says who made that mistake.
"""

from typing import ClassVar

import reference


class Mutant:
    """Promises the bits of ``reference``, as everything made from it does."""

    promises_bits = True
    claim: ClassVar[str] = ""
    seen: ClassVar[str] = "made up"


class Search(Mutant, reference.NearestNeighbors):
    """Correct: a mutant changes ``measure``, ``choose`` or ``kneighbors``."""


class Regressor(Mutant, reference.KNNRegressor, reference.NearestNeighbors):  # type: ignore[misc]
    """Correct: a mutant changes ``weigh``, ``combine`` or ``predict``.

    The second base changes nothing, but in a class made of a ``Search`` and this one, the ``fit`` of the regressor then
    comes before that of the search.
    """


class Classifier(Mutant, reference.KNNClassifier, reference.NearestNeighbors):  # type: ignore[misc]
    """Correct: a mutant changes ``weigh``, ``combine`` or ``predict``. For its second base see ``Regressor``."""

    def has_one_output(self):
        """Returns whether y was 1-D."""
        return not isinstance(self.classes_, list)


class RadiusRegressor(Mutant, reference.RadiusNeighborsRegressor):
    """Correct: a mutant changes ``choose_within``, ``weigh`` or ``predict``."""


class RadiusClassifier(Mutant, reference.RadiusNeighborsClassifier):
    """Correct: a mutant changes ``choose_within``, ``weigh``, ``combine`` or ``predict``."""


class Similarity(Mutant, reference.SimilarityRegressor):
    """Correct: a mutant changes ``compare``, ``solve``, or a step of ``learn``."""
