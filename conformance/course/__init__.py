"""The course: nineteen steps from a distance to a search on any device, each judged by claims of the suite.

* ``solutions``: a right solution of each step. Its docstrings, without the code, are the stub that a learner gets.
* ``steps``: the steps, each with the claims that judge it; ``claims`` has those that the suite itself does not need.
* ``stubs`` makes the stub of a solution; ``reading`` finds loops where a step forbids them.
* ``parts``, ``answers`` and ``hosts``: a learner's function, its answers, and right models around it for the claims.
* ``worker`` and ``judge``: try the claims of a step in a process of its own, and read the result.
* ``own_claim``: tries the claim that a learner writes on the zoo and on right searches.
* ``questions`` and ``quiz``: questions of interviewers, with proofs of the answers, and a program that asks them.
* ``folder``: the learner's files. ``commands``: the jobs of ``python -m conformance learn``.
"""
