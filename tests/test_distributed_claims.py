"""The claims of ``conformance`` hold for rows in shards: one, and 2, 3 or 7 uneven ones of which some are empty."""

import dask
import numpy as np
import pytest
from hypothesis import settings

from accelerated import distributed
from conformance.claims import CLAIMS
from conformance.targets import make_target
from tests.claims import assert_holds, target_like
from tests.helpers import DRAWS

CUTS = (1, 2, 3, 7)
CLASSES = (distributed.NearestNeighbors, distributed.KNNClassifier, distributed.KNNRegressor)


def uneven(n_rows, n_shards):
    """The numbers of rows of shards: a few in most of them, none in some, and the others in the last."""
    sizes = [min(i % 3, max(0, n_rows - i)) for i in range(n_shards - 1)]
    sizes = (np.cumsum(sizes).clip(max=n_rows) - np.cumsum([0, *sizes[:-1]]).clip(max=n_rows)).tolist()
    return [*sizes, n_rows - sum(sizes)]


def cut_into(n_shards):
    """A target of the three classes, whose rows are in so many shards."""

    def cut(self, n_rows, most, scheduler):
        return uneven(n_rows, n_shards)

    return target_like(PLAIN, f"{n_shards} shards", _cut=cut)


with dask.config.set(scheduler="synchronous"):
    PLAIN = make_target("distributed", *CLASSES)
TARGETS = {n_shards: cut_into(n_shards) for n_shards in CUTS}
NOT_OFFERED = {  # for rows in shards
    "ids_say_which_rows_are_allowed",  # after a removal
    "sparse_rows_are_filtered_too",
    "a_sparse_matrix_has_the_neighbors_of_the_dense_one",
    "a_sparse_matrix_has_the_rows_within_a_radius_of_the_dense_one",
    "gradients_are_those_of_the_distances",
    "seuclidean_distance",  # by variances that are learned from all rows
}
OTHERS = ("within", "similarity", "solvers", "updates")  # levels of other classes and methods
OFFERED = [claim for claim in CLAIMS if claim.level not in OTHERS and claim.name not in NOT_OFFERED]
OF_SEARCH = ("neighbors", "ties", "bits", "radius", "among", "sample weight", "symmetries")  # levels that shards affect
TRIED = [(n, claim) for n in CUTS for claim in OFFERED if n == 3 or claim.level in OF_SEARCH]


def test_shards_of_the_claims_are_uneven_and_some_are_empty():
    assert uneven(10, 7) == [0, 1, 2, 0, 1, 2, 4]
    assert uneven(2, 7) == [0, 1, 0, 0, 0, 0, 1]
    assert uneven(1, 1) == [1]


@pytest.mark.parametrize(
    ("n_shards", "claim"),
    [pytest.param(n, claim, id=f"{n}-{claim.name}", marks=pytest.mark.xdist_group(claim.name)) for n, claim in TRIED],
)
def test_claim_holds_in_shards(n_shards, claim):
    draws = DRAWS * settings().max_examples // 200 // 15

    with dask.config.set(scheduler="synchronous"):
        assert_holds(TARGETS[n_shards], claim, max(draws, round(2 / claim.effort)))
