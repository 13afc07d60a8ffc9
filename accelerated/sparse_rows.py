"""Rows that stay sparse: a matrix in the format CSR, of which some rows at a time are made dense."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array, vstack
from torch import Tensor

PARTS = ("data", "indices", "indptr")  # of a matrix in the format CSR


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Rows (n_rows, n_features) of float64 on the CPU, of which only some entries are stored; all others are 0."""

    matrix: Any  # csr_array of float64, the columns of each row ascending and stored once; zeros may be stored

    @classmethod
    def of_csr(cls, csr: Any, copy: bool = False) -> "SparseRows":
        """Returns the rows of a matrix that ``read_sparse`` returned, and if asked for a copy of its parts."""
        return cls(csr_array((csr.data.astype(np.float64, copy=copy), csr.indices, csr.indptr), csr.shape, copy=copy))

    @classmethod
    def of_dense(cls, rows: Tensor) -> "SparseRows":
        """Returns the rows of a tensor of float64."""
        return cls(csr_array(rows.numpy()))

    @classmethod
    def of_parts(cls, parts: Sequence[np.ndarray], shape: tuple[int, int]) -> "SparseRows":
        """Returns the rows whose ``matrix`` has these ``PARTS``, without a copy.

        Raises ValueError if they do not fit together: an index out of range would crash the process in a search.
        """
        matrix = csr_array(tuple(parts), shape=shape)
        matrix.check_format(full_check=True)
        if not matrix.has_canonical_format:
            raise ValueError("the columns of a row do not ascend")
        return cls(matrix)

    @property
    def shape(self) -> tuple[int, int]:
        """Returns the numbers of rows and of features."""
        return self.matrix.shape

    @property
    def is_sparse(self) -> bool:
        """Returns True, as a sparse tensor does."""
        return True

    @property
    def device(self) -> torch.device:
        """Returns the CPU."""
        return torch.device("cpu")

    @property
    def most_stored(self) -> int:
        """Returns the largest number of entries that are stored of one row."""
        return int(np.diff(self.matrix.indptr).max())

    def numel(self) -> int:
        """Returns the number of entries, stored or not."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, some: slice | np.ndarray | Tensor) -> "SparseRows":
        return SparseRows(self.matrix[some.numpy() if isinstance(some, Tensor) else some])

    def with_numbers(self, numbers: np.ndarray) -> "SparseRows":
        """Returns rows that store these numbers in the same places."""
        return SparseRows(csr_array((numbers, self.matrix.indices, self.matrix.indptr), shape=self.shape))


Rows = Tensor | SparseRows


def to_dense(rows: Rows) -> Tensor:
    """Returns the rows as a tensor, (n_rows, n_features); one that is a tensor already is not copied."""
    return torch.from_numpy(rows.matrix.toarray()) if isinstance(rows, SparseRows) else rows


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Returns the rows of all parts, which are all sparse or all tensors, one part after the other."""
    if parts[0].is_sparse:
        return SparseRows(vstack([part.matrix for part in parts], format="csr"))  # type: ignore[union-attr]
    return torch.cat(parts)  # type: ignore[arg-type]
