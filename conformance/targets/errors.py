"""The exceptions of this package: a target that cannot be tried, or that lacks what a claim needs."""


class TargetError(Exception):
    """The target cannot be tried at all; the message is one line."""


class Missing(Exception):
    """The target lacks a method, an argument or a form of answer that a claim needs; the message names it."""


class NotOffered(Missing):
    """The target lacks a class or a method that a claim needs for every case: no other case need be drawn."""


class Avoided(Missing):
    """The target is not to be asked about this case, as it has a trigger on which the target is known to fail."""
