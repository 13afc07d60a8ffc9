"""The steps of the course, in order, each with the claims that judge it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.course import answers, hosts, reading
from conformance.course.stubs import stub_of

SOLUTIONS = Path(__file__).parent / "solutions"


@dataclass(frozen=True)
class Step:
    """A step: a function or a class to write, and the claims that judge it."""

    number: int
    name: str
    writes: str  # the name of the function or the class
    host: Callable[[Any], Any]  # makes the classes on which the claims are tried
    claims: tuple[str, ...]
    read: Callable[..., Any] | None = None  # reads an answer of a function
    refuse: Callable[[str], str] = reading.nothing  # reads the code, and returns a reason to refuse it
    needs: str = ""  # a library other than NumPy

    @property
    def file(self) -> str:
        """The name of its file in a learner's folder."""
        return f"step_{self.number:02}_{self.name}.py"

    @cached_property
    def solution(self) -> str:
        """The source of a right solution."""
        return (SOLUTIONS / self.file).read_text(encoding="utf-8")

    @cached_property
    def stub(self) -> str:
        """The source that a learner gets."""
        return stub_of(self.solution)

    @cached_property
    def docstrings(self) -> list[str]:
        """The docstrings of the stub: that of the file, and those of its functions, classes and methods."""
        documented = ast.Module | ast.ClassDef | ast.FunctionDef
        nodes = [node for node in ast.walk(ast.parse(self.stub)) if isinstance(node, documented)]
        return [text for node in nodes if (text := ast.get_docstring(node))]

    @property
    def docstring(self) -> str:
        """The docstring of the file."""
        return self.docstrings[0]

    @property
    def title(self) -> str:
        """The title, as "the distance between two examples"."""
        return self.docstring.partition("\n")[0].partition(": ")[2].rstrip(".")

    @property
    def text(self) -> str:
        """The explanation below the title."""
        return self.docstring.partition("\n\n")[2]


TABLE = (
    "nearest_on_a_lattice",
    "nearest_where_none_tie",
    "distances_belong_to_their_rows",
    "a_row_finds_itself",
    "nearest_where_axes_are_equally_long",
    "nearest_among_many_features",
    "queries_do_not_disturb_each_other",
    "order_of_features_is_no_matter",
    "a_constant_feature_changes_nothing",
    "mirroring_changes_nothing",
)
DISTANCES = (
    "distance_of_any_numbers",
    "distance_to_itself_is_zero",
    "nearest_of_any_numbers",
    "nearest_at_mixed_scales",
    "nearest_of_huge_and_tiny_numbers",
    "moving_changes_nothing",
    "scaling_changes_nothing",
    "far_rows_change_nothing",
    "nearest_of_near_ties",
    "equal_rows_are_equally_far",
)
PAIRS = (
    *("euclidean_distance", "distance_is_symmetric", "nearest_on_a_lattice", "nearest_among_many_features"),
    *DISTANCES,
)
CHOICE = (
    "nearest_where_none_tie",
    "nearest_on_a_lattice",
    "distances_never_fall",
    "every_row_is_a_neighbor_when_k_is_n",
    "a_row_finds_itself",
    "fewer_neighbors_are_the_first_of_more",
    "nearest_among_many_rows",
    "halves_can_be_merged",
    "order_of_rows_is_no_matter",
    "the_query_added_is_found_first",
    "nearest_of_any_numbers",
    "scaling_changes_nothing",
)
TIES = (
    "equal_distances_go_to_the_lower_index",
    "all_rows_alike",
    "ties_among_many_rows",
    "k_neighbors_are_the_first_of_k_plus_one",
)
TIED = (*TIES, *CHOICE, "distances_belong_to_their_rows")
AVERAGES = (
    "averages_of_targets",
    "averages_of_everything_when_k_is_n",
    "averages_of_whole_numbers",
    "averages_of_each_output",
    "averages_of_small_types",
    "averages_of_far_numbers",
    "averages_are_linear",
)
VOTES = (
    "the_majority_wins",
    "equal_votes_go_to_the_smallest_label",
    "equal_votes_go_to_the_smallest_number",
    "labels_come_back_as_they_were",
    "one_class_is_predicted_always",
    "other_names_for_classes",
    "losers_can_change_their_name",
    "twins_of_the_winners_change_nothing",
)
WEIGHTS = (
    "averages_by_inverse_distance",
    "votes_weigh_by_inverse_distance",
    "an_exact_match_counts_alone",
    "an_exact_match_votes_alone",
    "tiny_distances_weigh_alike",
    "tiny_distances_vote_alike",
    "a_tiny_distance_is_no_exact_match",
    "a_tiny_distance_is_an_exact_match",
    "a_tiny_distance_votes_as_an_exact_match",
)
PREDICTION = (
    "nearest_on_a_lattice",
    "nearest_where_axes_are_equally_long",
    "nearest_among_many_rows",
    "nearest_among_many_features",
    "nearest_of_any_numbers",
    "queries_do_not_disturb_each_other",
    *VOTES,
    "names_do_not_choose_the_neighbor",
    *TIES,
    "a_prediction_confirms_itself",
    "fit_returns_the_model",
    "training_data_is_copied",
    "fitting_again_forgets",
    "two_models_are_two",
    "asking_changes_nothing",
    "inputs_are_not_written_to",
)
NUMERICS = (
    *TABLE[:4],
    *DISTANCES,
    "nearest_far_from_the_origin",
    "nearest_in_far_clusters",
    "nearest_beside_an_outlier",
    "nearest_beside_a_huge_feature",
    "nearest_of_float32_rows",
    "nearest_of_small_types",
    "distance_of_small_types",
    "nearest_among_many_features",
    "no_array_of_all_differences_is_made",
)
METRICS = (
    "euclidean_distance",
    "sqeuclidean_distance",
    "manhattan_distance",
    "chebyshev_distance",
    "minkowski_distance",
    "cosine_distance",
    "zero_vectors_have_a_cosine_distance",
    "hamming_distance",
    "jaccard_distance",
    "no_way_is_shorter_than_the_distance",
    "distance_is_symmetric",
    "distance_of_any_numbers",
    "nearest_by_manhattan",
    "nearest_by_chebyshev",
    "nearest_by_minkowski",
    "nearest_by_cosine",
    "length_is_nothing_to_cosine",
    "nearest_by_hamming",
    "nearest_by_jaccard",
    "nearest_among_many_features",
)
LEFT_OUT = (
    "a_row_is_left_out_of_its_own_neighbors",
    "ties_without_the_row_itself",
    "rows_are_left_out_among_many",
    "rows_are_left_out_of_any_numbers",
)
SIMILARITY = (
    "none_alike",
    "one_or_two_points",
    "all_alike",
    "weights_solve_the_equations",
    "conflicting_twins_meet_halfway",
    "twins_count_once",
    "linear_in_the_targets",
    "outputs_are_independent",
    "order_is_no_matter",
    "the_formula_predicts_the_same",
)
IN_TENSORS = (
    "any_device_will_do",
    "types_are_kept",
    *CHOICE[:5],
    "nearest_among_many_rows",
    *TIES,
    "distances_belong_to_their_rows",
    "nearest_among_many_features",
    "nearest_far_from_the_origin",
    "nearest_in_far_clusters",
)

STEPS = (
    Step(1, "distance", "get_distance", hosts.measuring_pairs, PAIRS, answers.number),
    Step(2, "all_distances", "get_distances", hosts.measuring_all, TABLE + DISTANCES, answers.table),
    Step(3, "nearest", "get_nearest", hosts.choosing, CHOICE + TIES, answers.places),
    Step(4, "ties", "get_neighbors", hosts.finding_labels, TIED, answers.pairs),
    Step(5, "average", "get_average", hosts.averaging, AVERAGES, answers.average),
    Step(6, "vote", "get_vote", hosts.voting, VOTES, answers.label),
    Step(7, "weights", "get_weights", hosts.weighing, WEIGHTS, answers.weights),
    Step(8, "predict", "KNNClassifier", hosts.classifying, PREDICTION),
    Step(
        9,
        "one_loop",
        "get_distances",
        hosts.measuring_all,
        TABLE + DISTANCES,
        answers.table,
        reading.more_than_one_loop,
    ),
    Step(
        10,
        "no_loop",
        "get_distances",
        hosts.measuring_all,
        (*TABLE[:7], *TABLE[9:], "expanded_distances_are_numbers", "no_array_of_all_differences_is_made"),
        answers.table,
        reading.any_loop,
    ),
    Step(11, "top_k", "get_nearest", hosts.choosing, CHOICE + TIES + ("not_everything_is_sorted",), answers.places),
    Step(12, "numerics", "get_distances", hosts.measuring_all, NUMERICS, answers.table),
    Step(13, "metrics", "get_distance", hosts.measuring_by_metrics, METRICS, answers.number),
    Step(14, "leave_one_out", "leave_one_out", hosts.leaving_out, LEFT_OUT, answers.others),
    Step(15, "choosing_k", "choose_k", hosts.nothing, ("the_best_k_is_chosen",), answers.candidate),
    Step(16, "similarity", "SimilarityRegressor", hosts.regressing, SIMILARITY),
    Step(
        17,
        "bounded_memory",
        "get_neighbors",
        hosts.finding_in_blocks,
        (*TIED, "a_block_of_distances_is_in_memory"),
        answers.neighbors,
    ),
    Step(18, "test_it_yourself", "claim", hosts.nothing, ()),
    Step(19, "torch", "get_neighbors", hosts.finding_in_tensors, IN_TENSORS, answers.neighbors, needs="torch"),
)
