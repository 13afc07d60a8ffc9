"""scikit-learn as a peer of ``SimilarityRegressor``."""

from sklearn.kernel_ridge import KernelRidge


class SimilarityByKernelRidge(KernelRidge):
    """scikit-learn's kernel ridge regression under the names of a ``SimilarityRegressor``."""

    def __init__(self, similarity="rbf", *, gamma=1.0, degree=3, coef0=1.0, jitter=1e-6):  # type: ignore[no-untyped-def]
        self.similarity, self.jitter = similarity, jitter
        super().__init__(alpha=jitter, kernel=similarity, gamma=gamma, degree=degree, coef0=coef0)
