"""Plain Python: Python's ints do not overflow; a list for several outputs."""


def get_average(targets):
    if targets.ndim == 1:
        return sum(targets.tolist()) / len(targets)
    return [sum(column) / len(column) for column in zip(*targets.tolist(), strict=True)]
