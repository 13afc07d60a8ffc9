"""The nearest code word corrects one wrong bit: the Hamming distance counts the places where two words differ.

In Hamming's (7, 4) code any two of the 16 words differ in at least 3 bits. After one error only the word that was sent
is 1 bit away; after two errors another word is nearer.
"""

from itertools import combinations, product

import numpy as np

from reference import NearestNeighbors

CHECKS = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]])  # the three check bits of each of four message bits


def main():
    messages = np.array(list(product([0, 1], repeat=4)))
    words = np.hstack([messages, messages @ CHECKS % 2])  # (16, 7)
    model = NearestNeighbors(n_neighbors=2, metric="hamming").fit(words)
    apart = model.kneighbors(n_neighbors=1)[0] * 7  # hamming is the share of the 7 bits
    print(f"two of the 16 words differ in at least {apart.min():.0f} bits")

    right = {}
    for n_errors in (0, 1, 2):
        flips = [np.isin(np.arange(7), places) for places in combinations(range(7), n_errors)]
        received = np.array([word ^ flip for word in words for flip in flips])
        sent = np.repeat(np.arange(16), len(flips))
        decoded = model.kneighbors(received, n_neighbors=1, return_distance=False)[:, 0]
        right[n_errors] = np.mean(decoded == sent)
        print(f"{n_errors} wrong bits: {right[n_errors]:4.0%} of {len(received):3} received words are decoded rightly")

    assert apart.min() == 3
    assert right == {0: 1.0, 1: 1.0, 2: 0.0}


if __name__ == "__main__":
    main()
