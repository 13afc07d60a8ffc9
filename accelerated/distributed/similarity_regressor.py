"""Regression by similarity, whose iterative solver has its products made by the workers of Dask.

``solver="cg"`` spends nearly all of its time on products of S K S with a vector, n^2 / 2 similarities each. Here each
product is ``system.SLOTS`` sums, and each sum is a task. A task adds up the same tiles in the same order as one machine
does, so a fit has the same bits, if the processors of the workers round products of matrices alike. The certificate
holds in any case, because it allows for every order in which a tile may be added up.

The client keeps the rows, the factor of the preconditioner and some vectors. Each worker keeps a copy of the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from dask.base import is_dask_collection
from dask.delayed import delayed
from torch import Tensor

import accelerated
from accelerated.calling_thread import in_calling_thread
from accelerated.distributed.schedulers import Scheduler, find_scheduler
from accelerated.distributed.shards import once
from accelerated.distributed.sources import open_files
from accelerated.files import RowsFile
from accelerated.similarities import Similarity
from accelerated.solvers.system import System
from knn_inputs.parameters import renamed
from knn_inputs.similarity_parameters import NAMES_ELSEWHERE


class SimilarityRegressor(accelerated.SimilarityRegressor):
    """Predicts as ``accelerated.SimilarityRegressor`` does, with products of similarities that Dask shares out.

    The arguments, attributes and certificates are those of ``accelerated.SimilarityRegressor``. Of its solvers "cg"
    gains, which "auto" takes where the matrix does not fit ``memory_limit``; the others share out the products for the
    certificate alone. ``scheduler`` is that of ``distributed.NearestNeighbors``, but not processes, which Dask would
    start anew for each product. Each product is eight tasks, so more than eight threads do not help. X may be a dask
    array or DataFrame, a memory map or, unless ``similarity`` is a function, paths of files: they are read into the
    memory of this process, and of each worker.

    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0]
    >>> model = SimilarityRegressor(jitter=1e-3, solver="cg", scheduler="synchronous").fit(X, y)
    >>> model.predict([[1.0]]).round(2).tolist(), model.converged_
    ([1.0], True)
    """

    @renamed(**NAMES_ELSEWHERE)
    def __init__(
        self,
        similarity: str | Callable[[Any, Any], float] = "rbf",
        *,
        gamma: float | str = 1.0,
        degree: int = 3,
        coef0: float = 1.0,
        jitter: float = 1e-6,
        fit_intercept: bool = False,
        solver: str = "auto",
        tol: float = 1e-3,
        max_iter: int | None = None,
        warm_start: bool = False,
        rank: int | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
        scheduler: Any = None,
    ):
        super().__init__(
            similarity,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            jitter=jitter,
            fit_intercept=fit_intercept,
            solver=solver,
            tol=tol,
            max_iter=max_iter,
            warm_start=warm_start,
            rank=rank,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.scheduler = scheduler

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learns as ``accelerated.SimilarityRegressor.fit`` does, from rows X, also files or collections of Dask.

        Raises as it does, as ``files.open_rows`` does, and ValueError for a scheduler that cannot be used.
        """
        if find_scheduler(self.scheduler).name == "processes":
            reason = "starts its processes anew for each product"
            raise ValueError(f"scheduler='processes' {reason}: pass scheduler='threads', or a Client")
        files = self._open_files(X)  # once, so that a file that changes meanwhile is noticed
        y, sample_weight = self._gather(y), self._gather(sample_weight)
        return super().fit(X if files is None else files, y, sample_weight)

    def predict(self, X: Any) -> Any:
        """Returns predictions as ``accelerated`` does, in this process; for files or a collection, NumPy."""
        return super().predict(self._gather_rows(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2 as ``accelerated`` does, also of collections of Dask."""
        return super().score(X, self._gather(y), self._gather(sample_weight))

    def _gather(self, values: Any) -> Any:
        """Returns what a collection holds, and all else as it is."""
        return find_scheduler(self.scheduler).compute([values])[0] if is_dask_collection(values) else values

    def _gather_rows(self, X: Any) -> Any:
        """Returns the rows that files or a collection hold, and all else as it is."""
        files = self._open_files(X)
        return self._gather(X) if files is None else _read_all(files)

    def _open_files(self, X: Any) -> list[RowsFile] | None:
        """Returns the files of X, if it is files; of a function as similarity, strings are examples, and not paths."""
        return None if callable(self.similarity) else open_files(X)

    def _read(self, X: Any, device: torch.device) -> Any:
        return super()._read(self._gather_rows(X), device)

    def _place(self, system: System, X: Any) -> System:
        if system.device.type != "cpu" or not isinstance(system.examples, Tensor) or system.similarity.is_in_python:
            return system
        return system._replace(add_up_all=Elsewhere.of(system, self._open_files(X), find_scheduler(self.scheduler)))


@dataclass(frozen=True)
class Elsewhere:
    """Makes the sums of a system's products in the tasks of a scheduler: ``System.add_up_all``."""

    scheduler: Scheduler
    kept: Any  # a Delayed of the system, which stays in the memory of each worker that needs it

    @classmethod
    def of(cls, system: System, files: list[RowsFile] | None, scheduler: Scheduler) -> "Elsewhere":
        """Returns what makes the sums of this system; tasks read its examples from files if they are there."""
        bare = system._replace(examples=None)
        examples = once(system.examples) if files is None else delayed(_encode, pure=False)(files, system.similarity)
        (kept,) = scheduler.persist([delayed(_with_examples, pure=False)(once(bare), examples)])
        return cls(scheduler, kept)

    def __call__(self, system: System, operand: Tensor, shares: list[Sequence[int]]) -> list[Tensor]:
        """Returns the sum of each share, which is of some ranges of rows of tiles."""
        n_workers, vector = self.scheduler.count_workers(len(shares)), once(operand)
        add_up = delayed(_add_up, pure=False)
        return self.scheduler.compute([add_up(self.kept, vector, share, n_workers) for share in shares])


def _read_all(files: list[RowsFile]) -> np.ndarray:
    return np.concatenate([file.read(0, len(file)) for file in files])


def _encode(files: list[RowsFile], similarity: Similarity) -> Tensor:
    with in_calling_thread():
        return similarity.encode(torch.from_numpy(_read_all(files).astype(np.float64)))


def _with_examples(bare: System, examples: Tensor) -> System:
    return bare._replace(examples=examples)


def _add_up(system: System, operand: Tensor, share: Sequence[int], n_workers: int) -> Tensor:
    with in_calling_thread(n_workers):
        return system.add_up(operand, share)
