"""Compares shopping baskets by the things that they hold: Jaccard ignores the thousand things that both lack.

Of the things that are in at least one basket, the Jaccard distance is the share that is in only one. Hamming divides
by all things in the shop, so two small baskets are near each other even if they have nothing in common.
"""

import numpy as np

from reference import NearestNeighbors

SHOP = ["bread", "butter", "jam", "milk", "eggs", "tea", "coffee", "sugar", "rice", "beans", "oil", "salt", "soap"]
BASKETS = {
    "big breakfast": {"bread", "butter", "jam", "milk", "eggs", "tea", "coffee", "sugar"},
    "soap": {"soap"},
    "dinner": {"rice", "beans", "oil", "salt"},
}
QUERY = {"bread", "butter", "jam"}


def to_row(basket):
    return [thing in basket for thing in SHOP]


def main():
    rows = [to_row(basket) for basket in BASKETS.values()]
    nearest = {}
    for metric in ("hamming", "jaccard"):
        model = NearestNeighbors(n_neighbors=1, metric=metric).fit(rows)
        [(i, distance)] = model.get_neighbors(to_row(QUERY))
        nearest[metric] = list(BASKETS)[i]
        shared = QUERY & BASKETS[nearest[metric]]
        print(f"{metric}: {nearest[metric]!r} at {distance:.3f}, with {len(shared)} things in common")

    for name, basket in BASKETS.items():
        by_hand = len(QUERY ^ basket) / len(QUERY | basket)
        measured = NearestNeighbors(metric="jaccard").get_distance(to_row(QUERY), to_row(basket))
        print(f"  {name:13}: {len(QUERY ^ basket)} of {len(QUERY | basket)} things are in one basket alone")
        assert measured == by_hand

    assert nearest == {"hamming": "soap", "jaccard": "big breakfast"}
    more = [[*row, *np.zeros(1000)] for row in rows]  # a larger shop changes nothing for Jaccard
    grown = NearestNeighbors(3, metric="jaccard").fit(more).kneighbors([[*to_row(QUERY), *np.zeros(1000)]])
    before = NearestNeighbors(3, metric="jaccard").fit(rows).kneighbors([to_row(QUERY)])
    assert np.array_equal(grown, before)


if __name__ == "__main__":
    main()
