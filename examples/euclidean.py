"""Subtract before you square: |x|^2 + |y|^2 - 2 x.y loses a small distance between large numbers.

The expanded form is equal to sum (x - y)^2 on paper, and it needs only one fast matrix product. But at 1e8 its terms
are about 1e16, where neighbouring float64 numbers are 2 apart; sum (x - y)^2 subtracts before the digits are lost.
"""

import numpy as np

from accelerated import NearestNeighbors

K = 5


def expanded(queries, rows):
    """The squared distances by the expanded form, shape (n_queries, n_rows)."""
    return np.sum(queries**2, axis=1)[:, None] + np.sum(rows**2, axis=1) - 2 * queries @ rows.T


def share_found(found, true):
    return np.mean([len(np.intersect1d(*pair)) / K for pair in zip(found, true, strict=True)])


def main():
    a, b = np.array([[1e8]]), np.array([[1e8 + 1]])
    by_expansion = expanded(a, b).item()
    by_difference = NearestNeighbors(metric="sqeuclidean").get_distance(a[0], b[0])
    print("1e8 and 1e8 + 1 are 1 apart; squared:")
    print(f"  by the expansion   {by_expansion}")
    print(f"  by the difference  {by_difference}")
    assert by_difference == 1.0 != by_expansion

    rng = np.random.default_rng(0)
    cube, queries = rng.random((1000, 16)), rng.random((100, 16))
    shares = {}
    print(f"\nshare of the true {K} nearest found among 1,000 points of U[0,1)^16 + shift:")
    print("  shift   expansion   accelerated")
    for shift in (0.0, 1e4, 1e6, 1e8):
        X, Q = cube + shift, queries + shift
        gaps = Q[:, None].astype(np.longdouble) - X.astype(np.longdouble)
        true = np.argsort(np.sum(gaps * gaps, axis=2), axis=1, kind="stable")[:, :K]
        fast = np.argsort(expanded(Q, X), axis=1, kind="stable")[:, :K]
        exact = NearestNeighbors(K).fit(X).kneighbors(Q, return_distance=False)
        shares[shift] = share_found(fast, true), share_found(exact, true)
        print(f"  {shift:5.0e}   {shares[shift][0]:9.1%}   {shares[shift][1]:11.1%}")

    assert all(exact == 1.0 for _, exact in shares.values())
    assert shares[0.0][0] == 1.0  # the expansion is right near the origin
    assert shares[1e8][0] < 0.05  # and wrong far from it


if __name__ == "__main__":
    main()
