"""Shows that two implementations of k-nearest neighbours agree, on data where implementations differ.

``strategies`` makes the data, ``relations`` says what agreement means, ``claims`` lists the claims.
"""

try:
    import hypothesis  # noqa: F401
    import sklearn  # noqa: F401
    import torch  # noqa: F401
    import tqdm  # noqa: F401
except ImportError as error:
    raise ImportError(f"conformance needs {error.name}: pip install 'verified-knn[conformance]'") from error
