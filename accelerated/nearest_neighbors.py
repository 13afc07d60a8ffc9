"""The search for neighbours as an estimator of its own, with the graphs and the pairs that are made of neighbours."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from accelerated.arrays import to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.neighbors import KNeighbors
from accelerated.one_fit import of_one_fit
from accelerated.radius import RadiusNeighbors
from accelerated.search import Within
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_name, renamed

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class NearestNeighbors(KNeighbors, RadiusNeighbors):
    """Finds the k training examples nearest to a query, or all within a radius, sorted by (distance, training index).

    Parameters
    ----------
    n_neighbors : int
        The number of neighbours, unless a query asks for another.
    radius : float
        How far neighbours may be in ``radius_neighbors``, unless a query asks for another radius.
    metric : str or callable
        minkowski, euclidean (l2), sqeuclidean, manhattan (l1, cityblock), chebyshev (infinity), cosine, hamming,
        jaccard, seuclidean, mahalanobis, canberra, braycurtis, haversine (latitude and longitude in radians),
        nan_euclidean (NaN allowed), precomputed, or a function of two examples, called once for each pair: float64 rows
        if X is an array, DataFrame or tensor of numbers, else the objects in the list X.
    p : float
        The power of minkowski, above 0: 2 is euclidean, with its bits and its speed, 1 manhattan, infinity chebyshev.
        ``fit`` warns if p is not 2 and the metric is another.
    metric_params : dict, optional
        Keyword arguments for a callable metric; w, a weight for each column, for minkowski; V, the variances, for
        seuclidean; VI, or the covariance V, for mahalanobis. Without them ``fit`` learns V or VI from X.
    device : str or torch.device, optional
        Where to search. None: the device of the training tensor, else CUDA if there is one, else the CPU.
    memory_limit : int or str, optional
        Bytes of scratch, such as 2**30, "2GB" or "512MiB", not counting inputs, answers, fitted state and the caches of
        libraries. None: 1 GiB, or a quarter of the free memory of a GPU. Less memory makes the search slower. If a GPU
        runs out of memory anyway, half the limit is tried. ``fit`` keeps to it while it prepares rows, one at least; to
        look at a sample and to encode rows it takes tens of MiB on a CPU, or as much as one row needs (48 bytes for
        each feature, for manhattan 384), whatever the limit; if many rows are equal, also 64 bytes for each row. The
        first fit on a GPU tries products of up to 4096 x 4096 numbers: they do not count. (A callable for weights gets
        the distances of all queries at once, which do not count either.)
    progress : bool
        Whether to show a progress bar on stderr.

    For the fast search a fitted model keeps, beside its rows, bytes for each number:

    euclidean, cosine, minkowski  2, or 4 on a CPU that does not multiply bfloat16 fast, or 8 of rows so long that
        nothing else tells them apart, and 16 for each row; 1 of whole numbers in a range of 256; at most 300 for each
        row if a sample shows that a few directions tell the rows apart; a tree for few features (a copy of the rows on
        a GPU)
    manhattan                     16, or 20 on a CPU that does not multiply 8-bit numbers fast
    chebyshev                     6
    hamming, jaccard              1 to 4, in hamming for each value of a feature

    of a sparse matrix            12 for each stored number, 8 for each row and 4 for each feature; ``fit`` takes up to
        48 bytes of scratch for each stored number

    If a sample shows that many rows are equal, it keeps a copy of the distinct rows, these bytes for them alone, and 8
    for each row. By euclidean and cosine up to 2,048 rows of 4 MiB are not encoded. After a search of few queries, or
    among few rows, it keeps 8 bytes for each row, if all rows together take 64 MiB at most.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> model.kneighbors(torch.tensor([[3.0, 3.0]]))
    (tensor([[1.0000, 3.6056]], dtype=torch.float64), tensor([[1, 2]]))
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        radius: float = 1.0,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        super().__init__(
            n_neighbors,
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.radius = radius

    @in_calling_thread()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Keeps a copy of X, array-like, tensor or sparse matrix, (n, n_features), and returns self; y is not used.

        Raises ValueError or TypeError for bad parameters and unless X is a full or sparse, finite matrix of real
        numbers; the rows of a sparse matrix stay sparse, on the CPU.
        """
        self._keep(X, self._read(X))
        return self

    @of_one_fit
    def kneighbors_graph(
        self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity"
    ) -> "csr_matrix":
        """Returns the k nearest neighbours as a CSR matrix of SciPy, float64 (n_queries, n), row by row nearest first.

        An entry is 1, or by mode="distance" the distance, which may be 0: duplicates have entries, too. So it serves as
        a matrix of distances for ``metric="precomputed"`` of scikit-learn. With X=None no row is its own neighbour.
        Raises as ``kneighbors`` does, and ValueError for another mode.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).kneighbors_graph(mode="distance").toarray()
        array([[0., 0., 1.],
               [0., 0., 2.],
               [1., 0., 0.]])
        """
        check_name(mode, "mode", ["connectivity", "distance"])
        distances, indices = map(to_numpy, self.kneighbors(X, n_neighbors))
        counts = np.full(len(indices), indices.shape[1])
        return self._make_graph(distances.ravel(), indices.ravel(), counts, mode)

    @of_one_fit
    def radius_neighbors_graph(self, X: Any = None, radius: Any = None, mode: str = "connectivity") -> "csr_matrix":
        """Returns the neighbours within the radius as a CSR matrix, as ``kneighbors_graph`` does the k nearest."""
        check_name(mode, "mode", ["connectivity", "distance"])
        found = [list(map(to_numpy, some)) for some in self.radius_neighbors(X, radius)]
        counts = np.fromiter(map(len, found[1]), dtype=np.int64)
        distances, indices = map(np.concatenate, found)
        return self._make_graph(distances, indices, counts, mode)

    def _make_graph(self, distances: np.ndarray, indices: np.ndarray, counts: np.ndarray, mode: str) -> "csr_matrix":
        from scipy.sparse import csr_matrix

        data = distances if mode == "distance" else np.ones(len(indices))
        columns = np.searchsorted(self.ids_, indices)  # of the rows that are left
        return csr_matrix((data, columns, np.append(0, counts.cumsum())), shape=(len(counts), self.n_samples_fit_))

    @of_one_fit
    @in_calling_thread()
    def near_duplicates(self, radius: Any = None) -> Any:
        """Returns the pairs i < j of training rows with a distance from i to j up to the radius, int64 (n_pairs, 2).

        The pairs are sorted. Raises as ``radius_neighbors`` does.

        >>> NearestNeighbors().fit([[0], [5], [1], [5]]).near_duplicates(1)
        array([[0, 2],
               [1, 3]])
        """
        index, queries = self._open_within(None, radius, only_later=True)
        later: list[np.ndarray] = [np.empty(0, dtype=np.int64)] * len(queries.X)

        def take(numbers: np.ndarray, found: Within) -> None:
            rows = np.split(found.row.cpu().numpy(), found.n_rows.cpu().numpy().cumsum()[:-1])
            for number, some in zip(numbers.tolist(), rows, strict=True):
                later[number] = some

        self._search_within(index, queries, take)
        pairs = np.empty((sum(map(len, later)), 2), dtype=np.int64)
        pairs[:, 0] = np.arange(len(later)).repeat(list(map(len, later)))
        np.concatenate(later, out=pairs[:, 1])
        return self._output(self.ids_[pairs], None)

    @of_one_fit
    def mutual_neighbors(self, n_neighbors: int | None = None) -> Any:
        """Returns the pairs i < j of training rows, each among the k nearest of the other, int64 (n_pairs, 2), sorted.

        Raises as ``kneighbors`` does.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).mutual_neighbors().tolist()
        [[0, 2]]
        """
        indices = to_numpy(self.kneighbors(None, n_neighbors, return_distance=False))
        n, k = self._next_id, indices.shape[1]
        query, row = self.ids_.repeat(k), indices.ravel()
        forth, back = query * n + row, row * n + query
        mutual = forth[(query < row) & np.isin(forth, back)]
        mutual.sort()
        return self._output(np.column_stack([mutual // n, mutual % n]), None)
