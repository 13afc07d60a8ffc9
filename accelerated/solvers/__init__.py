"""Solvers of (S K S + jitter I) z = S y; the weights of the examples are S z.

- ``pinv``, ``cholesky``, ``cg``, ``blocks`` and ``nystrom`` are one solver each. The head of each file says when to use
  the solver, what it costs, how much memory it takes, and what is proven of its result.
- ``choice`` chooses a solver, ``whole`` solves with a matrix that is stored, and ``iteration`` with one that is not:
  ``system`` computes products with it. ``sizes`` says how large tiles, blocks and factors may be for the memory.
- ``certificate`` derives bounds on the errors of a solution from its residual.
"""
