"""A step on trial: a target whose calls are those of the learner's own function."""

from dataclasses import dataclass

from conformance.course.parts import Part
from conformance.targets import Target
from conformance.targets.fitted import Call


@dataclass
class StepTarget(Target):
    """The target of a step; ``part`` is the learner's function, or None where the step is a class."""

    part: Part | None = None

    @property
    def calls(self) -> list[Call]:
        """The calls since ``begin``: of the function, or of the class."""
        return super().calls if self.part is None else self.part.calls

    def begin(self) -> None:
        """Forgets the calls that were made so far."""
        super().begin()
        for adapter in self.adapters.values():
            adapter.calls.clear()
        if self.part is not None:
            self.part.answers.clear()


def function_of(target: Target) -> Part:
    """The learner's function."""
    assert isinstance(target, StepTarget)
    assert target.part is not None
    return target.part
