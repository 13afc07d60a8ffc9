"""The second ten pieces: each line looks right, and ties, types, shapes or a second call show the bug."""

from conformance.zoo.pieces import models
from conformance.zoo.pieces.piece import Piece

PIECES = [
    Piece(
        task="Finds the k nearest rows of the data that it was last fitted to.",
        code="""\
class KNN:
    def __init__(self, k=1):
        self.k = k
        self.rows = []

    def fit(self, X):
        self.rows.extend(X)
        return self

    def get_neighbors(self, query):
        distances = [np.linalg.norm(row - query) for row in self.rows]
        order = np.argsort(distances, kind="stable")
        return order[: self.k]
""",
        changes=(("self.rows.extend(X)", "self.rows = list(X)"),),
        why="The second `fit` adds its rows to those of the first.",
        given="model = KNN(k=1).fit(np.array([[0.0]])).fit(np.array([[5.0], [0.0]]))",
        ask="model.get_neighbors(np.array([0.0]))",
        same="NearestNeighbors(1).fit([[0.0]]).fit([[5.0], [0.0]]).kneighbors([[0.0]])[1][0]",
        mutant="AppendsWhenFitted",
        model=models.itself,
    ),
    Piece(
        task="Predicts the mean of the targets of the k nearest rows. A k that is set after `fit` counts from then on.",
        code="""\
class KNN:
    def __init__(self, k=1):
        self.k = k

    def fit(self, X, y):
        self.X, self.y = np.array(X, dtype=float), np.array(y)
        self.n_found = min(self.k, len(X))
        return self

    def predict(self, query):
        distances = np.linalg.norm(self.X - query, axis=1)
        nearest = np.argsort(distances, kind="stable")[: self.n_found]
        return np.mean(self.y[nearest])
""",
        changes=(("        self.n_found = min(self.k, len(X))\n", ""), (": self.n_found]", ": self.k]")),
        why="`fit` keeps the k of that moment under another name, and queries never read `self.k` again.",
        given="model = KNN(k=1).fit([[0.0], [1.0]], [0.0, 1.0])\nmodel.k = 2",
        ask="float(model.predict(np.array([0.0])))",
        same="KNNRegressor(1).fit([[0.0], [1.0]], [0.0, 1.0]).set_params(n_neighbors=2).predict([[0.0]])[0]",
        mutant="DeafToParameters",
        model=models.with_parameters,
    ),
    Piece(
        task="Predicts the class with the most votes of the k nearest rows. Equal votes go to the smallest label.",
        code="""\
def predict(X, y, query, k):
    pairs = []
    for x, label in zip(X, y.tolist()):
        pairs.append((np.linalg.norm(x - query), label))
    pairs.sort()
    votes = Counter(label for _, label in pairs[:k])
    return min(votes, key=lambda label: (-votes[label], label))
""",
        changes=(("pairs.sort()", "pairs.sort(key=lambda pair: pair[0])"),),
        why="Pairs with equal distances are sorted by their labels, so that the smaller label is taken for the nearer.",
        given='X, y = np.array([[0.0], [0.0]]), np.array(["b", "a"])',
        ask="predict(X, y, np.array([0.0]), k=1)",
        same="KNNClassifier(1).fit(X, y).predict([[0.0]])[0]",
        mutant="SortsPairsWithLabels",
        model=models.by_prediction,
    ),
    Piece(
        task="Predicts the mean target of the k nearest rows, weighted by 1 / distance. Exact matches count alone.",
        code="""\
def predict(X, y, query, k):
    gap = X - query
    distances = np.sum(gap * gap, axis=1)
    nearest = np.argsort(distances, kind="stable")[:k]
    if distances[nearest[0]] == 0:
        weights = distances[nearest] == 0
    else:
        weights = 1 / distances[nearest]
    return np.sum(weights * y[nearest]) / np.sum(weights)
""",
        changes=(("np.sum(gap * gap, axis=1)", "np.sqrt(np.sum(gap * gap, axis=1))"),),
        why="Squares sort like distances, so the neighbours are right. As weights they favour the nearest too much.",
        given="X, y = np.array([[1.0], [2.0]]), np.array([0.0, 3.0])",
        ask="float(predict(X, y, np.array([0.0]), k=2))",
        same='KNNRegressor(2, weights="distance").fit(X, y).predict([[0.0]])[0]',
        mutant="SquaredWeights",
        model=models.by_prediction,
    ),
    Piece(
        task="Returns the k weights 1 / distance, divided by their sum. Distances of 0 share the whole weight.",
        code="""\
def get_weights(distances):
    weights = np.zeros(len(distances))
    for i, distance in enumerate(distances):
        weights[i] = 1 / (distance + 1e-8)
    return weights / np.sum(weights)
""",
        changes=(
            (
                "for i, distance in enumerate(distances):\n        weights[i] = 1 / (distance + 1e-8)",
                "if np.any(distances == 0):\n        weights[distances == 0] = 1\n"
                "    else:\n        weights = 1 / distances",
            ),
        ),
        why="The 1e-8 prevents a division by 0, but a row at distance 0 no longer counts alone: a row at distance 1e-8 "
        "weighs half as much.",
        given="distances = np.array([0.0, 1e-8])",
        ask="get_weights(distances)",
        same='(lambda w: w / np.sum(w))(KNNRegressor(weights="distance").weigh(distances[None])[0])',
        mutant="NearlyAlone",
        model=models.by_weights,
    ),
    Piece(
        task="Returns the label with the largest sum of weights 1 / distance. Exact matches vote alone, one vote each.",
        code="""\
def get_vote(labels, distances):
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = 1 / distances
        shares = weights / np.sum(weights)
    winner, most = None, -1
    for label in np.unique(labels):
        share = np.sum(shares[labels == label])
        if share > most:
            winner, most = label, share
    return winner
""",
        changes=(
            (
                '    with np.errstate(divide="ignore", invalid="ignore"):\n        weights = 1 / distances\n'
                "        shares = weights / np.sum(weights)",
                "    weights = distances == 0\n    if not np.any(weights):\n        weights = 1 / distances\n"
                "    shares = weights / np.sum(weights)",
            ),
        ),
        why="The weight of an exact match is infinite, and infinity / infinity is NaN. Every comparison with NaN is "
        "false, so the class of the exact match cannot win.",
        given="labels, distances = np.array([7]), np.array([0.0])",
        ask="get_vote(labels, distances)",
        same='KNNClassifier(1, weights="distance").fit(distances[:, None], labels).predict([[0.0]])[0]',
        mutant="InfinityOverInfinity",
        other_claim="an_exact_match_votes_alone",
        model=models.by_weighted_vote,
    ),
    Piece(
        task="Returns the k nearest rows, nearest first. Equal distances may come in any order.",
        code="""\
def get_neighbors(X, query, k):
    distances = np.linalg.norm(X - query, axis=1)
    nearest = np.argpartition(distances, k)[:k]
    order = np.argsort(distances[nearest])
    return nearest[order]
""",
        changes=(("np.argpartition(distances, k)", "np.argpartition(distances, k - 1)"),),
        why="The second argument is a place, counted from 0. For k = n the last place is k - 1.",
        given="X = np.array([[0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="PartitionAtK",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the k nearest rows, nearest first. Equal distances may come in any order.",
        code="""\
def get_neighbors(X, query, k):
    squares = np.zeros(len(X))
    for x, q in zip(X.T, query):
        squares += (x - q) ** 2
    nearest = np.argpartition(squares, k - 1)[:k]
    return np.sort(nearest)
""",
        changes=(("np.sort(nearest)", "nearest[np.argsort(squares[nearest])]"),),
        why="`argpartition` puts the k smallest in front in any order. They must be sorted by distance, not by index.",
        given="X = np.array([[1.0], [0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=2)",
        same="NearestNeighbors(2).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="NeverSorted",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the k nearest rows, nearest first. Of equal distances the first row comes first.",
        code="""\
def get_neighbors(X, query, k):
    distances = np.zeros(len(X))
    for i, x in enumerate(X):
        distances[i] = np.sqrt(np.sum((x - query) ** 2))
    return np.argsort(distances)[:k]
""",
        changes=(("np.argsort(distances)", 'np.argsort(distances, kind="stable")'),),
        why="The default sort is not stable. A few rows come out right by luck, which depends on the "
        "processor. Among 1,000 rows of 0 and 1 the first 100 zeros do not.",
        given="X = np.random.default_rng(0).integers(0, 2, (1000, 1))\n"
        "nearest = get_neighbors(X, np.array([0.0]), k=100)",
        ask="bool(np.all(np.diff(nearest) > 0))",
        same="bool(np.all(np.diff(NearestNeighbors(100).fit(X).kneighbors([[0.0]])[1][0]) > 0))",
        mutant="DefaultSort",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the Euclidean distance between two images, arrays of numbers from 0 to 255.",
        code="""\
def get_distance(a, b):
    gap = np.asarray(a) - np.asarray(b)
    squares = gap * gap
    total = np.sum(squares)
    return np.sqrt(total)
""",
        changes=(("np.asarray(a) - np.asarray(b)", "np.asarray(a, float) - np.asarray(b, float)"),),
        why="In uint8 differences and squares wrap around at 256. Gaps below 16 come out right.",
        given="a, b = np.array([0], dtype=np.uint8), np.array([16], dtype=np.uint8)",
        ask="float(get_distance(a, b))",
        same="NearestNeighbors().get_distance(a, b)",
        mutant="PixelsWrap",
        other_claim="distance_of_small_types",
        model=models.by_distance,
    ),
]
