"""The dot product of the gaps with themselves, and the root by a power."""


def get_distance(a, b):
    gaps = b - a
    return gaps.dot(gaps) ** 0.5
