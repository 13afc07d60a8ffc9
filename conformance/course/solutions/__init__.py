"""A right solution of each step; the stub that a learner gets is made of it, see ``course.stubs``."""
