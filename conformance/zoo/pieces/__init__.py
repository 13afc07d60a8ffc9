"""Thirty pieces of code with one bug each, from easy to hard; ``docs/spot_the_bug.md`` shows them.

``piece`` has the parts of a piece, and ``models`` makes classes of the pieces, on which the claims can be tried.
"""

from conformance.zoo.pieces import easy, hard, middle
from conformance.zoo.pieces.piece import Piece

PIECES: list[Piece] = [*easy.PIECES, *middle.PIECES, *hard.PIECES]
