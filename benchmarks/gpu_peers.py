"""The implementations that are compared on a GPU: each takes the training rows once, and returns its search.

The products are not exact, because they sort by the expanded form |x|^2 - 2 q.x.
"""

from collections.abc import Callable
from importlib.util import find_spec

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from accelerated import NearestNeighbors

Search = Callable[[Tensor], Tensor]  # queries -> indices (n_queries, k)
BATCH = 2**28  # distances


def accelerated(X: Tensor, k: int) -> Search:
    """``accelerated`` with its defaults."""
    model = NearestNeighbors(k).fit(X)
    return lambda Q: model.kneighbors(Q, return_distance=False)


def by_batches(X: Tensor, k: int, compare: Callable[[Tensor], Tensor]) -> Search:
    """A search for the k smallest numbers that ``compare`` returns for a batch of queries, (n_queries, n_rows)."""
    n_queries = max(1, BATCH // len(X))
    return lambda Q: torch.cat([compare(some).topk(k, largest=False).indices for some in Q.split(n_queries)])


def float32_product(X: Tensor, k: int) -> Search:
    """A matrix product in float32."""
    squared = X.square().sum(1)
    return by_batches(X, k, lambda Q: torch.addmm(squared, Q, X.T, alpha=-2))


def float16_product(X: Tensor, k: int) -> Search:
    """A matrix product in float16 without scaling, which is the fastest product and often wrong."""
    rows = X.half()
    squared = rows.square().sum(1)
    return by_batches(X, k, lambda Q: torch.addmm(squared, Q.half(), rows.T, alpha=-2))


def torch_cdist(X: Tensor, k: int) -> Search:
    """``torch.cdist``."""
    return by_batches(X, k, lambda Q: torch.cdist(Q, X))


def flashlib(X: Tensor, k: int) -> Search:
    """FlashLib's fused search, in the type of the input."""
    from flashlib import flash_knn

    return lambda Q: flash_knn(Q, X, k, return_distances=False)


def keops(X: Tensor, k: int) -> Search:
    """KeOps, which compiles a kernel for the formula."""
    from pykeops.torch import LazyTensor

    rows = LazyTensor(X[None, :, :])
    return lambda Q: ((LazyTensor(Q[:, None, :]) - rows) ** 2).sum(-1).argKmin(k, dim=1)


def scipy_tree(X: Tensor, k: int) -> Search:
    """SciPy's k-d tree on all cores of the CPU."""
    tree = cKDTree(X.cpu().numpy())
    return lambda Q: torch.from_numpy(tree.query(Q.cpu().numpy(), k, workers=-1)[1].reshape(len(Q), k)).to(Q.device)


INSTALLED = [peer for peer, module in ((flashlib, "flashlib"), (keops, "pykeops")) if find_spec(module)]
PRODUCTS = [float32_product, float16_product, torch_cdist, *INSTALLED]
TREES = [scipy_tree, *INSTALLED]
