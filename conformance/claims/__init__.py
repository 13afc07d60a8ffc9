"""The claims, all in one list: what holds of an implementation of nearest neighbours, or of regression by similarity.

A claim is a function of a target and a case that raises AssertionError where it does not hold; its docstring says what
it claims and, below, why it matters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.cases import data
from conformance.cases.strategies import (
    any_labels,
    cases,
    distinct_cases,
    far_numbers,
    labels,
    lattice_cases,
    made_cases,
    numbers,
    one_label,
    predicting_cases,
    several_labels,
    several_numbers,
    similarity_cases,
    sized_cases,
    square_cases,
    typed_cases,
    whole_numbers,
    wide_cases,
    word_labels,
)
from conformance.claims import (
    averages,
    bad_input,
    bits,
    distance,
    manners,
    neighbors,
    numerics,
    similarity,
    symmetries,
    ties,
    votes,
)
from conformance.targets import Target

LATTICE, BOUND, CHANGED, BITS, BEHAVIOUR = (
    "exact on a lattice",
    "within a derived bound",
    "metamorphic",
    "same bits",
    "behaviour",
)
LEVELS = (
    "distance",
    "neighbors",
    "averages",
    "votes",
    "symmetries",
    "numerics",
    "ties",
    "manners",
    "bad input",
    "bits",
    "similarity",
)


@dataclass(frozen=True)
class Claim:
    """A sentence that can be tried: its level, the cases that it is tried on, and the relation that decides."""

    level: str
    function: Callable[[Target, Any], None]
    strategy: st.SearchStrategy[Any]
    relation: str = LATTICE
    effort: float = 1.0  # times the draws of a run

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def sentence(self) -> str:
        return str(self.function.__doc__).partition("\n\n")[0].strip()

    @property
    def why(self) -> str:
        return " ".join(str(self.function.__doc__).partition("\n\n")[2].split())


def of(metric: str) -> st.SearchStrategy[Any]:
    return lattice_cases(metrics=(metric,))


ANY = lattice_cases()
RANKED = lattice_cases(min_rows=2)
ALL_METRICS = ("euclidean", "manhattan", "chebyshev")
NO_NEGATIVE_EIGENVALUE = ("rbf", "laplacian", "linear", "cosine", "polynomial")
OFFSETS = made_cases(data.large_offset, metrics=ALL_METRICS)
LABELLED = lattice_cases(y=labels)
PREDICTING = lattice_cases(y=labels, min_rows=2, max_rows=6)
WEIGHTED = distinct_cases(y=numbers, weights="distance", nearest=(1,))
SMALL_TYPES = typed_cases("uint8", "int8", "uint16", "int16", "int32", "float16", "bool")
POWERS = cases(metrics=("minkowski",), powers=(0.5, 1.5, 2.5, 17, 1000), max_rows=40)

CLAIMS = [
    Claim("distance", distance.euclidean_distance, of("euclidean")),
    Claim("distance", distance.sqeuclidean_distance, of("sqeuclidean")),
    Claim("distance", distance.manhattan_distance, of("manhattan")),
    Claim("distance", distance.chebyshev_distance, of("chebyshev")),
    Claim("distance", distance.minkowski_distance, of("minkowski"), BOUND),
    Claim("distance", distance.cosine_distance, of("cosine"), BOUND),
    Claim("distance", distance.hamming_distance, of("hamming")),
    Claim("distance", distance.jaccard_distance, of("jaccard")),
    Claim("distance", distance.zero_vectors_have_a_cosine_distance, of("cosine")),
    Claim("distance", distance.distance_to_itself_is_zero, OFFSETS, BEHAVIOUR),
    Claim("distance", distance.distance_is_symmetric, made_cases(*data.DATA, metrics=ALL_METRICS), CHANGED),
    Claim("distance", distance.no_way_is_shorter_than_the_distance, lattice_cases(metrics=ALL_METRICS), CHANGED, 2),
    Claim("distance", distance.distance_of_any_numbers, made_cases(*data.DATA, metrics=ALL_METRICS), BOUND),
    Claim("distance", distance.distance_of_small_types, SMALL_TYPES, BOUND),
    Claim("neighbors", neighbors.nearest_on_a_lattice, ANY),
    Claim("neighbors", neighbors.nearest_where_none_tie, distinct_cases(metrics=ALL_METRICS)),
    Claim("neighbors", neighbors.nearest_by_manhattan, of("manhattan")),
    Claim("neighbors", neighbors.nearest_by_chebyshev, of("chebyshev")),
    Claim("neighbors", neighbors.nearest_by_minkowski, of("minkowski")),
    Claim("neighbors", neighbors.nearest_by_cosine, of("cosine"), BOUND),
    Claim("neighbors", neighbors.nearest_by_hamming, of("hamming")),
    Claim("neighbors", neighbors.nearest_by_jaccard, of("jaccard")),
    Claim("neighbors", neighbors.nearest_among_many_rows, sized_cases()),
    Claim("neighbors", neighbors.nearest_among_many_features, wide_cases()),
    Claim("neighbors", neighbors.nearest_where_axes_are_equally_long, square_cases()),
    Claim("neighbors", neighbors.distances_never_fall, ANY),
    Claim("neighbors", neighbors.distances_belong_to_their_rows, ANY),
    Claim("neighbors", neighbors.every_row_is_a_neighbor_when_k_is_n, ANY),
    Claim("neighbors", neighbors.one_row_in_one_feature, lattice_cases(max_rows=1, max_features=1), effort=0.3),
    Claim("neighbors", neighbors.a_row_finds_itself, ANY),
    Claim("neighbors", neighbors.queries_do_not_disturb_each_other, ANY, CHANGED, 2),
    Claim("neighbors", neighbors.k_can_be_given_with_the_query, ANY),
    Claim("neighbors", neighbors.indices_alone_are_the_same, ANY, BEHAVIOUR),
    Claim("neighbors", neighbors.neighbors_of_one_example_are_the_same, ANY, BEHAVIOUR),
    Claim("neighbors", neighbors.a_row_is_left_out_of_its_own_neighbors, RANKED),
    Claim("neighbors", neighbors.fewer_neighbors_are_the_first_of_more, ANY, CHANGED),
    Claim("averages", averages.averages_of_targets, distinct_cases(y=numbers)),
    Claim("averages", averages.averages_of_whole_numbers, lattice_cases(y=whole_numbers)),
    Claim("averages", averages.averages_of_far_numbers, distinct_cases(y=far_numbers), BOUND),
    Claim("averages", averages.averages_of_each_output, distinct_cases(y=several_numbers)),
    Claim("averages", averages.averages_of_everything_when_k_is_n, lattice_cases(y=numbers)),
    Claim("averages", averages.averages_by_inverse_distance, WEIGHTED, BOUND),
    Claim("averages", averages.an_exact_match_counts_alone, lattice_cases(y=numbers, weights="distance"), BOUND),
    Claim("averages", averages.a_tiny_distance_is_an_exact_match, WEIGHTED, BOUND),
    Claim("averages", averages.averages_by_given_weights, distinct_cases(y=numbers), BOUND),
    Claim("averages", averages.averages_without_the_row_itself, lattice_cases(y=numbers, min_rows=2)),
    Claim("averages", averages.the_score_is_r_squared, lattice_cases(y=numbers, min_rows=2), BOUND),
    Claim("votes", votes.the_majority_wins, LABELLED),
    Claim("votes", votes.votes_weigh_by_inverse_distance, distinct_cases(y=labels, weights="distance"), BOUND),
    Claim("votes", votes.an_exact_match_votes_alone, lattice_cases(y=labels, weights="distance"), effort=2),
    Claim("votes", votes.votes_weigh_as_given, distinct_cases(y=labels), BOUND),
    Claim("votes", votes.labels_come_back_as_they_were, lattice_cases(y=any_labels)),
    Claim("votes", votes.one_class_is_predicted_always, lattice_cases(y=one_label), effort=0.3),
    Claim("votes", votes.each_output_has_votes_of_its_own, lattice_cases(y=several_labels)),
    Claim("votes", votes.votes_without_the_row_itself, lattice_cases(y=labels, min_rows=2)),
    Claim("votes", votes.shares_are_the_part_of_the_votes, LABELLED, BOUND),
    Claim("votes", votes.shares_are_in_the_order_of_classes, lattice_cases(y=word_labels), BOUND),
    Claim("votes", votes.the_largest_share_is_predicted, LABELLED, BEHAVIOUR),
    Claim("votes", votes.the_score_is_accuracy, LABELLED, BOUND),
    Claim("symmetries", symmetries.moving_changes_nothing, ANY, CHANGED),
    Claim("symmetries", symmetries.scaling_changes_nothing, ANY, CHANGED),
    Claim("symmetries", symmetries.mirroring_changes_nothing, ANY, CHANGED),
    Claim("symmetries", symmetries.order_of_features_is_no_matter, ANY, CHANGED),
    Claim("symmetries", symmetries.a_constant_feature_changes_nothing, ANY, CHANGED),
    Claim("symmetries", symmetries.order_of_rows_is_no_matter, ANY, CHANGED),
    Claim("symmetries", symmetries.far_rows_change_nothing, ANY, CHANGED),
    Claim("symmetries", symmetries.other_rows_can_go, RANKED, CHANGED, 3),
    Claim("symmetries", symmetries.halves_can_be_merged, RANKED, CHANGED),
    Claim("symmetries", symmetries.the_query_added_is_found_first, ANY, CHANGED),
    Claim("symmetries", symmetries.every_row_twice_is_every_neighbor_twice, ANY, CHANGED),
    Claim("symmetries", symmetries.length_is_nothing_to_cosine, of("cosine"), CHANGED),
    Claim("symmetries", symmetries.averages_are_linear, distinct_cases(y=numbers), CHANGED),
    Claim("symmetries", symmetries.other_names_for_classes, LABELLED, CHANGED),
    Claim("symmetries", symmetries.a_prediction_confirms_itself, LABELLED, CHANGED, 2),
    Claim("symmetries", symmetries.twins_of_the_winners_change_nothing, LABELLED, CHANGED),
    Claim("symmetries", symmetries.losers_can_change_their_name, LABELLED, CHANGED),
    Claim("numerics", numerics.nearest_of_any_numbers, made_cases(*data.DATA, metrics=ALL_METRICS), BOUND, 3),
    Claim("numerics", numerics.nearest_far_from_the_origin, OFFSETS, BOUND),
    Claim("numerics", numerics.nearest_in_far_clusters, made_cases(data.far_clusters), BOUND),
    Claim("numerics", numerics.nearest_beside_an_outlier, made_cases(data.gaussian), BOUND),
    Claim("numerics", numerics.nearest_beside_a_huge_feature, made_cases(data.huge_column), BOUND),
    Claim("numerics", numerics.nearest_of_near_ties, made_cases(data.near_ties, data.permuted_gaps), BOUND),
    Claim("numerics", numerics.nearest_at_mixed_scales, made_cases(data.mixed_scales), BOUND),
    Claim("numerics", numerics.nearest_of_huge_and_tiny_numbers, made_cases(data.extreme), BOUND),
    Claim("numerics", numerics.nearest_of_float32_rows, made_cases(data.offset, dtype="float32"), BOUND),
    Claim("numerics", numerics.nearest_of_small_types, SMALL_TYPES, BOUND),
    Claim("numerics", numerics.equal_rows_are_equally_far, made_cases(data.duplicates, max_features=40), BITS),
    Claim("ties", ties.equal_distances_go_to_the_lower_index, ANY),
    Claim("ties", ties.ties_among_many_rows, sized_cases()),
    Claim("ties", ties.all_rows_alike, sized_cases()),
    Claim("ties", ties.k_neighbors_are_the_first_of_k_plus_one, sized_cases(), CHANGED),
    Claim("ties", ties.ties_without_the_row_itself, RANKED),
    Claim("ties", ties.equal_votes_go_to_the_smallest_label, lattice_cases(y=word_labels)),
    Claim("manners", manners.fit_returns_the_model, PREDICTING, BEHAVIOUR, 0.1),
    Claim("manners", manners.inputs_are_not_written_to, PREDICTING, BEHAVIOUR, 0.3),
    Claim("manners", manners.training_data_is_copied, PREDICTING, BEHAVIOUR, 0.3),
    Claim("manners", manners.fitting_again_forgets, PREDICTING, CHANGED, 0.3),
    Claim("manners", manners.two_models_are_two, PREDICTING, CHANGED, 0.3),
    Claim("manners", manners.asking_changes_nothing, PREDICTING, CHANGED, 0.3),
    Claim("manners", manners.memory_layout_is_no_matter, distinct_cases(y=labels), CHANGED, 0.3),
    Claim("manners", manners.lists_are_as_good_as_arrays, PREDICTING, CHANGED, 0.3),
    Claim("manners", manners.random_numbers_are_left_alone, PREDICTING, BEHAVIOUR, 0.1),
    Claim("manners", manners.nothing_is_printed, PREDICTING, BEHAVIOUR, 0.1),
    Claim("manners", manners.nothing_is_warned_of, PREDICTING, BEHAVIOUR, 0.3),
    Claim("manners", manners.a_pickled_model_answers_alike, PREDICTING, CHANGED, 0.1),
    Claim("manners", manners.parameters_can_be_read_and_changed, PREDICTING, BEHAVIOUR, 0.1),
    Claim("manners", manners.threads_do_not_disturb_each_other, PREDICTING, CHANGED, 0.1),
    Claim("bad input", bad_input.missing_numbers_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.missing_numbers_in_queries_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.missing_targets_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.more_neighbors_than_rows_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.k_below_one_is_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.k_that_is_no_whole_number_is_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.unequal_lengths_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.other_widths_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.flat_training_data_is_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.no_rows_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.complex_numbers_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.unknown_names_are_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bad input", bad_input.asking_before_fit_is_refused, PREDICTING, BEHAVIOUR, 0.1),
    Claim("bits", bits.same_neighbors, cases(), BITS, 5),
    Claim("bits", bits.same_neighbors_without_the_row_itself, cases(max_rows=40), BITS),
    Claim("bits", bits.same_neighbors_up_to_powers, POWERS, BOUND),
    Claim("bits", bits.same_votes, predicting_cases("labels"), BITS),
    Claim("bits", bits.same_averages, predicting_cases("numbers"), BITS),
    Claim("similarity", similarity.same_similarity_predictions, similarity_cases(), BOUND),
    Claim(
        "similarity",
        similarity.kernel_ridge_agrees,
        similarity_cases(NO_NEGATIVE_EIGENVALUE, jitters=(1e-6, 1e-2)),
        BOUND,
    ),
    Claim("similarity", similarity.weights_solve_the_equations, similarity_cases(jitters=(1e-6, 1e-2)), BOUND),
    Claim("similarity", similarity.one_or_two_points, similarity_cases(max_rows=2), BOUND),
    Claim("similarity", similarity.all_alike, similarity_cases(("rbf", "laplacian"), gammas=(0.0, 1e-30)), BOUND),
    Claim("similarity", similarity.none_alike, similarity_cases(("rbf", "laplacian")), BOUND),
    Claim("similarity", similarity.twins_count_once, similarity_cases(), CHANGED),
    Claim("similarity", similarity.conflicting_twins_meet_halfway, similarity_cases(), CHANGED),
    Claim("similarity", similarity.linear_in_the_targets, similarity_cases(), CHANGED),
    Claim("similarity", similarity.outputs_are_independent, similarity_cases(), CHANGED),
    Claim("similarity", similarity.order_is_no_matter, similarity_cases(), CHANGED),
]

BY_NAME = {claim.name: claim for claim in CLAIMS}
