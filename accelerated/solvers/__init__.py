"""Solvers of (S K S + jitter I) z = S y; the weights of the examples are S z.

- ``pinv``, ``cholesky``, ``cg``, ``blocks`` and ``nystrom`` are one solver each. The head of each file says when to use
  the solver, what it costs, how much memory it takes, and what is proven of its result.
- ``choice`` chooses a solver, ``whole`` solves with a matrix that is stored, and ``system`` multiplies with one that is
  not stored.
- ``certificate`` derives bounds on the errors of a solution from its residual.
"""
