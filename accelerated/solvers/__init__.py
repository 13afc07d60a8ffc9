"""Solving (S K S + jitter I) z = S y for the weights S z of the examples.

Each solver is a file that says when to use it, what it costs and what is proven: ``pinv``, ``cholesky``, ``cg``,
``blocks``, ``nystrom``. ``choice`` chooses one, ``system`` has the products with K that all but ``pinv`` share,
``whole`` solves with a matrix that is stored, and ``certificate`` has what a residual proves.
"""
