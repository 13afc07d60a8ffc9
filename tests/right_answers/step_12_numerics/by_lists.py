"""Plain Python on floats, which do not wrap around; a list of lists."""

from math import sqrt


def get_distances(Q, X):
    rows = [[float(x) for x in row] for row in X]
    table = []
    for query in Q:
        numbers = [float(q) for q in query]
        table.append([sqrt(sum((q - x) ** 2 for q, x in zip(numbers, row, strict=True))) for row in rows])
    return table
