"""Chebyshev distance is the number of moves that a chess king needs.

A king may step diagonally, so only the longer of the two gaps, in columns and in rows, counts.
"""

import numpy as np

from reference import NearestNeighbors

SQUARES = [(column, row) for column in range(8) for row in range(8)]
PIECES = {"queen": "d1", "rook": "h1", "knight": "b6", "bishop": "g7", "pawn": "e4"}


def square(name):
    """The column and row of a square: e4 is (4, 3)."""
    return "abcdefgh".index(name[0]), int(name[1]) - 1


def king_moves(start):
    """For every square the fewest moves from ``start``, by trying them all: breadth-first search."""
    moves, frontier = {start: 0}, [start]
    for column, row in frontier:
        for step in [(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
            if step in SQUARES and step not in moves:
                moves[step] = moves[column, row] + 1
                frontier.append(step)
    return moves


def main():
    model = NearestNeighbors(len(SQUARES), metric="chebyshev").fit(SQUARES)
    distances, indices = model.kneighbors(SQUARES)
    counted = [king_moves(start) for start in SQUARES]
    expected = np.array([[moves[SQUARES[i]] for i in row] for moves, row in zip(counted, indices, strict=True)])
    print(f"squares x squares compared  {expected.size}")
    print(f"equal to the king's moves   {np.sum(distances == expected)}")
    print(f"the longest way             {int(distances.max())} moves")
    assert np.array_equal(distances, expected)
    assert distances.max() == 7

    print("\nfrom the king on c5 to")
    pieces = NearestNeighbors(len(PIECES), metric="chebyshev").fit([square(name) for name in PIECES.values()])
    nearest = [(list(PIECES)[i], int(moves)) for i, moves in pieces.get_neighbors(square("c5"))]
    for piece, moves in nearest:
        print(f"  {piece:6} on {PIECES[piece]}  {moves} moves")
    assert nearest == [("knight", 1), ("pawn", 2), ("queen", 4), ("bishop", 4), ("rook", 5)]


if __name__ == "__main__":
    main()
