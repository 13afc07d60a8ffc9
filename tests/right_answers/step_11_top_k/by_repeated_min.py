"""Looks through all distances k times, and remembers which were taken."""


def get_nearest(distances, k):
    values = [distance.item() for distance in distances]
    taken = set()
    chosen = []
    while len(chosen) < k:
        i = min((i for i in range(len(values)) if i not in taken), key=values.__getitem__)
        taken.add(i)
        chosen.append(i)
    return chosen
