"""A list of tuples: sorts all indices by the square, without that of the row."""


def leave_one_out(X, k):
    nearest = []
    for i in range(len(X)):
        squares = ((X - X[i]) ** 2).sum(axis=1)
        order = sorted(range(len(X)), key=squares.__getitem__)
        order.remove(i)
        nearest.append(tuple(order[:k]))
    return nearest
