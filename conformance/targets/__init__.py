"""Talks to the class on trial: finds it, finds out how it is called, and reads its answers as NumPy arrays.

``loading`` finds what a user names; what is not a class becomes one in ``functions`` and ``indexes``, or is called by a
``Maker`` of ``makers``. ``probe`` tries it on seven examples and so builds an ``Adapter``, which knows the names of its
arguments; ``names`` has the usual ones. ``answers`` reads its neighbours in any of the usual forms; ``peers`` has the
targets that are known by name, and their known differences; ``imports`` writes the code that loads a target again.
"""

from conformance.targets.loading import load_class
from conformance.targets.opening import load_target, make_target, other_package
from conformance.targets.target import TASKS, Target

__all__ = ["TASKS", "Target", "load_class", "load_target", "make_target", "other_package"]
