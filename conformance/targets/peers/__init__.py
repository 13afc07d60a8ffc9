"""Targets that are known by name: the two packages, and their peers with their known differences.

There is a file for each peer, with its adapter and the reasons for its differences. A claim that holds although a
difference is listed fails the run, because the list is out of date.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from conformance.targets.peers import faiss, hnswlib, pykdtree, river, sklearn, sklearnex, torch_cdist, tslearn, usearch

__all__ = ["KNOWN", "PEERS", "READY"]

MODULES = (sklearn, faiss, torch_cdist, sklearnex, usearch, hnswlib, pykdtree, tslearn, river)
PEERS = {module.PEER.name: module.PEER for module in MODULES}
KNOWN = {name: peer.known for name, peer in PEERS.items()}  # the reason for each claim that does not hold


def _package(name: str) -> list[Callable[..., Any]]:
    within = ("RadiusNeighborsClassifier", "RadiusNeighborsRegressor")
    models = ("NearestNeighbors", "KNNClassifier", "KNNRegressor", *within, "SimilarityRegressor")
    return [getattr(import_module(name), model) for model in models]


READY: dict[str, Callable[[], list[Callable[..., Any]]]] = {  # imported when they are asked for
    "reference": lambda: _package("reference"),
    "accelerated": lambda: _package("accelerated"),
    **{name: peer.load for name, peer in PEERS.items()},
}
