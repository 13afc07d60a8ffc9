"""``torch.cdist`` without its matrix product, ``argsort`` and ``gather``."""

import torch


def get_neighbors(X, Q, k):
    distances = torch.cdist(Q, X, compute_mode="donot_use_mm_for_euclid_dist")
    indices = torch.argsort(distances, dim=1, stable=True)[:, :k]
    return distances.gather(1, indices), indices
