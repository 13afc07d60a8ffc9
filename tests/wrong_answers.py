"""The zoo's mutants as answers to the steps of the course: for each step those whose bug it can see."""

import numpy as np

from conformance.zoo import ZOO
from conformance.zoo.base import Classifier, Mutant, Regressor, Search, Similarity
from conformance.zoo.distances import ByFormula

ORIGIN = np.zeros((1, 1))
NEIGHBORS = (Search, Regressor, Classifier)
MODULES = ("distances", "selection", "averages", "votes", "beginners", "beginners_votes", "similarity")
SMALL_TYPES = ("Float32Stays", "PixelsWrap")  # the first steps get float64
LAST_BITS = ("LeftToRight", "LeftToRightOnTheDiagonal")  # right, but not to the last bit
SEVERAL_ROWS = ("Standardised", "WrongAxis", "TwinsApart")  # right for a single row
BIG_NUMBERS = ("Expanded", "CentredOnTheFirstRow", "ExpandedInExtended", "GapsInFloat32", "NearEnough", "Clipped")
HARDLY_WRONG = ("SafetyMargin", "CentredOnTheMean", "InFloat32", "RoundedDistances", "HalfDigits", "TwinsApart")
LEFT_OUT = ("DropsTheFirst", "LastOfEqualsOnTheDiagonal")  # right for queries
SEVERAL_QUERIES = ("SortedTwice", "RunningBest", "SortsTheWrongAxis", "SortsTheRowsThemselves")
OTHER_ARGUMENTS = ("KOfTheConstructor", "IndicesInOrder")  # of k with the query, and of indices alone
ROWS_WANTED = ("UniqueRows", "TiesByHash", "SortsTheRowsThemselves", "SortsPairsWithTargets", "SortsPairsWithLabels")
OF_THE_WEIGHTS = ("LastClassWins", "InfinityOverInfinity")
OF_THE_SHARES = ("TwoClasses", "Counts", "ClassesAsMet", "LastVoteFirst")


def of_kind(*methods: str, base: tuple[type, ...] | type = NEIGHBORS, but: tuple[str, ...] = ()) -> list[type[Mutant]]:
    """The mutants that answer wrongly and override one of the methods, but for those that the step does not see."""
    return [
        mutant
        for mutant in ZOO
        if issubclass(mutant, base)
        and mutant.__module__.rpartition(".")[2] in MODULES
        and any(_overrides(mutant, method) for method in methods)
        and mutant.__name__ not in but
    ]


def _overrides(mutant: type[Mutant], method: str) -> bool:
    """Whether a class of the zoo, and not of ``reference``, has the method."""
    return any(method in vars(one) for one in mutant.__mro__ if issubclass(one, Mutant) and one.__module__ in _FILES)


_FILES = [f"conformance.zoo.{module}" for module in MODULES]


def measuring(but: tuple[str, ...]) -> list[type[Mutant]]:
    """The mutants with a wrong euclidean distance."""
    of_labels = ("LabelIsAFeature", "PowersOff")  # of labels, and of another metric
    found = of_kind("measure", but=(*but, *LAST_BITS, *of_labels))
    return [mutant for mutant in found if not issubclass(mutant, ByFormula) or "euclidean" in mutant.mistaken]


def distance(mutant):
    return lambda a, b: mutant(metric="euclidean").get_distance(a, b)


def distance_by_metric(mutant):
    return lambda a, b, metric="euclidean", p=2: mutant(metric=metric, p=p).get_distance(a, b)


def table(mutant):
    def get_distances(Q, X):
        model = mutant(1, metric="euclidean").fit(X, np.zeros(len(X)))
        return np.array([model.measure(query) for query in np.asarray(Q, dtype=float)])

    return get_distances


def choice(mutant):
    return lambda distances, k: mutant(k).choose(distances, k, -1)


def pairs(mutant):
    def get_neighbors(X, y, query, k):
        distances, indices = mutant(k, metric="euclidean").fit(X, y).kneighbors(query[None])
        return [(d, y[i]) for d, i in zip(distances[0], indices[0], strict=True)]

    return get_neighbors


def average(mutant):
    def get_average(targets):
        model = mutant(len(targets)).fit(np.zeros((len(targets), 1)), targets)
        return model.combine(model._targets, np.ones(len(targets)))

    return get_average


def vote(mutant):
    return lambda labels: mutant(len(labels)).fit(np.zeros((len(labels), 1)), labels).predict(ORIGIN)[0]


def weights(mutant):
    return lambda distances: mutant(weights="distance").weigh(distances[None])[0]


def classifier(mutant):
    return mutant if issubclass(mutant, Classifier) else type(mutant.__name__, (mutant, Classifier), {})


def left_out(mutant):
    return lambda X, k: mutant(k, metric="euclidean").fit(X, np.zeros(len(X))).kneighbors(None)[1]


def chosen_k(mutant):
    def choose_k(X, y, candidates):
        correct = {k: np.sum(classifier(mutant)(k).fit(X, y).predict(None) == y) for k in sorted(candidates)}
        return max(correct, key=correct.__getitem__)

    return choose_k


def similarity(mutant):
    def __init__(self, gamma=1.0, jitter=1e-6):
        mutant.__init__(self, gamma=gamma, jitter=jitter)

    return type(mutant.__name__, (mutant,), {"__init__": __init__})


def search(mutant):
    def get_neighbors(X, Q, k, block=None):
        return mutant(k, metric="euclidean").fit(X, np.zeros(len(X))).kneighbors(Q)

    return get_neighbors


def in_tensors(mutant):
    import torch

    def get_neighbors(X, Q, k):
        if X.device.type == "meta":
            shape = len(Q), k
            return torch.empty(shape, device="meta"), torch.empty(shape, dtype=torch.int64, device="meta")
        distances, indices = search(mutant)(X.double().numpy(), Q.double().numpy(), k)
        return torch.from_numpy(distances).to(X.dtype), torch.from_numpy(indices)

    return get_neighbors


CHOICES = of_kind("choose", base=Search, but=(*LEFT_OUT, *ROWS_WANTED))
SEARCHES = of_kind("choose", "kneighbors", base=Search, but=(*LEFT_OUT, *OTHER_ARGUMENTS))
RIGHT_WITHOUT_THE_ROW = (  # each has its bug only where a query is given
    *("PartitionAtK", "PartitionThenSort", "TileWithoutStart", "OneOfEachGroup", "FullAfterK", "SkipsTheFirst"),
    *("ScaledWithTheQueries", "QueriesScaledByThemselves", "RunningBest", "SortsTheWrongAxis", "SortedTwice"),
    *(*OTHER_ARGUMENTS, "SortsTheRowsThemselves", "SortsPairsWithTargets", "SortsPairsWithLabels"),
)
KINDS = {
    "distance": (distance, measuring((*SMALL_TYPES, *SEVERAL_ROWS, "WholeDistances"))),
    "all_distances": (table, measuring(SMALL_TYPES)),
    "nearest": (choice, CHOICES),
    "ties": (
        pairs,
        [
            *of_kind("choose", "kneighbors", but=(*LEFT_OUT, *OTHER_ARGUMENTS, *SEVERAL_QUERIES)),
            *measuring((*SMALL_TYPES, *BIG_NUMBERS, "WholeBlocks", "BestStartsAt1000")),
        ],
    ),
    "average": (average, of_kind("combine", base=Regressor, but=("FarthestFirst", "DividesWeightsByK"))),
    "vote": (
        vote,
        of_kind(
            *("combine", "predict", "predict_classes"),
            base=Classifier,
            but=(
                *OF_THE_WEIGHTS,
                *OF_THE_SHARES,
                *("FirstOutputForAll", "KnowsTheLabel", "VotesNeverReset", "CommonestOfAllBreaksTies"),  # not of a vote
            ),
        ),
    ),
    "weights": (weights, of_kind("weigh", but=("WeightsOfSquares", "OneVoteEach"))),
    "predict": (
        classifier,
        [
            *of_kind(
                *("choose", "kneighbors", "predict", "predict_classes", "combine"),
                base=(Search, Classifier),
                but=(
                    *(
                        *LEFT_OUT,
                        *OTHER_ARGUMENTS,
                        *OF_THE_WEIGHTS,
                        *OF_THE_SHARES,
                        "FirstOutputForAll",
                        "KnowsTheLabel",
                    ),
                    *("SortedTwice", "NeverSorted", "LastTileLost"),  # of distances, of their order, and of blocks
                ),
            ),
            *measuring((*SMALL_TYPES, *BIG_NUMBERS, *HARDLY_WRONG, "ForgottenRoot", "BestStartsAt1000")),
        ],
    ),
    "one_loop": (table, measuring(SMALL_TYPES)),
    "no_loop": (table, measuring((*SMALL_TYPES, *BIG_NUMBERS, "TwinsApart", "BestStartsAt1000"))),
    "top_k": (choice, CHOICES),
    "numerics": (table, measuring(())),
    "metrics": (distance_by_metric, of_kind("formula", but=(*SEVERAL_ROWS, *LAST_BITS, "PForgotten"))),
    "leave_one_out": (left_out, of_kind("choose", "kneighbors", but=RIGHT_WITHOUT_THE_ROW)),
    "choosing_k": (
        chosen_k,
        of_kind(
            *("combine", "predict", "predict_classes"),
            base=Classifier,
            but=(*OF_THE_WEIGHTS, *OF_THE_SHARES, "FirstOutputForAll"),
        ),
    ),
    "similarity": (similarity, of_kind("solve", "compare", base=Similarity)),
    "bounded_memory": (search, SEARCHES),
    "torch": (in_tensors, SEARCHES),
}
