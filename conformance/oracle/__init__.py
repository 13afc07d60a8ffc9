"""Decides whether an answer is right, in exact arithmetic and within bounds that are derived, never tuned.

``exact`` computes distances as fractions, ``bounds`` says how far floating-point numbers may be from them,
``relations`` compares an answer with both, and ``expected`` computes the predictions that follow from exact neighbours.
"""
