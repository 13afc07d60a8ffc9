"""The first ten pieces: one line is wrong, and a few numbers on paper show it."""

from conformance.zoo.pieces import models
from conformance.zoo.pieces.piece import Piece

PIECES = [
    Piece(
        task="Returns the indices of the k nearest rows, nearest first.",
        code="""\
def get_neighbors(X, query, k):
    gap = X - query
    distances = np.sqrt(np.sum(gap * gap, axis=1))
    order = np.argsort(distances, kind="stable")
    return order[1 : k + 1]
""",
        changes=(("order[1 : k + 1]", "order[:k]"),),
        why="The nearest row is at place 0. Such a slice is often written to leave a row out of its own neighbours, "
        "and is wrong there, too: a twin may come first.",
        given="X = np.array([[0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="SkipsTheFirst",
        model=models.by_neighbors,
    ),
    Piece(
        task="Predicts the mean of the targets of the k nearest rows.",
        code="""\
def predict(X, y, query, k):
    distances = np.linalg.norm(X - query, axis=1)
    nearest = np.argsort(distances, kind="stable")[:k]
    total = 0.0
    for i in nearest:
        total += y[i]
    return total / len(y)
""",
        changes=(("total / len(y)", "total / k"),),
        why="The sum has k terms, and y has n. For k = n the two are the same, so a test with k = n does not notice.",
        given="X, y = np.array([[0.0], [1.0]]), np.array([6.0, 8.0])",
        ask="predict(X, y, np.array([0.0]), k=1)",
        same="KNNRegressor(1).fit(X, y).predict([[0.0]])[0]",
        mutant="DividesByTheConstant",
        other_claim="averages_of_targets",
        model=models.by_prediction,
    ),
    Piece(
        task="Predicts the mean of the targets of the k nearest rows.",
        code="""\
def predict(X, y, query, k):
    distances = np.linalg.norm(X - query, axis=1)
    nearest = np.argsort(distances, kind="stable")[:k]
    targets = sorted(y[i] for i in nearest)
    low, high = targets[(k - 1) // 2], targets[k // 2]
    return (low + high) / 2
""",
        changes=(
            (
                "low, high = targets[(k - 1) // 2], targets[k // 2]\n    return (low + high) / 2",
                "return sum(targets) / k",
            ),
        ),
        why="This is the median. The two agree for k up to 2, and wherever the targets lie evenly about their middle.",
        given="X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 0.0, 3.0])",
        ask="float(predict(X, y, np.array([0.0]), k=3))",
        same="KNNRegressor(3).fit(X, y).predict([[0.0]])[0]",
        mutant="Median",
        model=models.by_prediction,
    ),
    Piece(
        task="Returns the Manhattan distance between two rows.",
        code="""\
def get_distance(a, b):
    total = 0.0
    for p, q in zip(a, b):
        total += p - q
    return abs(total)
""",
        changes=(("total += p - q", "total += abs(p - q)"),),
        why="Gaps of opposite sign cancel before the absolute value is taken. In one dimension nothing can cancel.",
        given="a, b = np.array([0.0, 1.0]), np.array([1.0, 0.0])",
        ask="float(get_distance(a, b))",
        same='NearestNeighbors(metric="manhattan").get_distance(a, b)',
        mutant="SignedSum",
        other_claim="nearest_by_manhattan",
        model=models.by_distance,
    ),
    Piece(
        task="Predicts the mean of the targets of the k nearest rows, for each query.",
        code="""\
def predict(X, y, Q, k):
    predicted = np.zeros(len(Q), dtype=y.dtype)
    for i, query in enumerate(Q):
        distances = np.linalg.norm(X - query, axis=1)
        nearest = np.argsort(distances, kind="stable")[:k]
        predicted[i] = np.mean(y[nearest])
    return predicted
""",
        changes=(("dtype=y.dtype", "dtype=float"),),
        why="Whole targets make an array of whole numbers, which cuts off every mean that is written to it.",
        given="X, y = np.array([[0.0], [1.0]]), np.array([0, 1])",
        ask="predict(X, y, np.array([[0.0]]), k=2)",
        same="KNNRegressor(2).fit(X, y).predict([[0.0]])",
        mutant="WholeAverages",
        model=models.by_predictions,
    ),
    Piece(
        task="Returns the k rows that are nearest by cosine distance, nearest first. No row is 0.",
        code="""\
def get_neighbors(X, query, k):
    lengths = np.sqrt(np.sum(X * X, axis=1))
    length = np.sqrt(np.sum(query * query))
    cosines = X @ query / (lengths * length)
    order = np.argsort(cosines, kind="stable")
    return order[:k]
""",
        changes=(("np.argsort(cosines,", "np.argsort(1 - cosines,"),),
        why="The cosine is a similarity: the largest is the nearest. Its distance is 1 - cosine.",
        given="X = np.array([[1.0, 0.0], [0.0, 1.0]])",
        ask="get_neighbors(X, np.array([1.0, 0.0]), k=1)",
        same='NearestNeighbors(1, metric="cosine").fit(X).kneighbors([[1.0, 0.0]])[1][0]',
        mutant="SimilarityForDistance",
        model=models.by_rows_alone,
    ),
    Piece(
        task="Returns the indices of the k nearest rows, nearest first.",
        code="""\
def get_neighbors(X, query, k):
    distances = [np.linalg.norm(x - query) for x in X]
    nearest = []
    for distance in sorted(distances)[:k]:
        nearest.append(distances.index(distance))
    return nearest
""",
        changes=(
            (
                "for distance in sorted(distances)[:k]:\n        nearest.append(distances.index(distance))",
                "for _, i in sorted(zip(distances, range(len(X))))[:k]:\n        nearest.append(i)",
            ),
        ),
        why="`index` returns the first place that has the distance, so of equal distances one row is found twice.",
        given="X = np.array([[0.0], [0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=2)",
        same="NearestNeighbors(2).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="IndexOfTheDistance",
        model=models.by_neighbors,
    ),
    Piece(
        task="Predicts the class with the most votes of the k nearest rows. Equal votes go to the smallest label.",
        code="""\
def predict(X, y, query, k):
    distances = np.linalg.norm(X - query, axis=1)
    nearest = np.argsort(distances, kind="stable")[:k]
    votes = Counter(y[nearest].tolist())
    winner, _ = votes.most_common(1)[0]
    return winner
""",
        changes=(
            (
                "winner, _ = votes.most_common(1)[0]\n    return winner",
                "return min(votes, key=lambda label: (-votes[label], label))",
            ),
        ),
        why="Of equal counts `most_common` takes the label that was met first, which is that of the nearest row.",
        given='X, y = np.array([[0.0], [1.0]]), np.array(["b", "a"])',
        ask="predict(X, y, np.array([0.0]), k=2)",
        same="KNNClassifier(2).fit(X, y).predict([[0.0]])[0]",
        mutant="NearestBreaksTies",
        model=models.by_prediction,
    ),
    Piece(
        task="Returns the label that is most frequent in a list. Of equally frequent labels it is the smallest.",
        code="""\
def get_vote(labels):
    winner, most = None, 0
    for label in sorted(set(labels)):
        votes = labels.count(label)
        if votes >= most:
            winner, most = label, votes
    return winner
""",
        changes=(("votes >= most", "votes > most"),),
        why="The labels come in ascending order, and a later one with as many votes replaces the smaller one.",
        given="labels = [0, 1]",
        ask="get_vote(labels)",
        same="KNNClassifier(2).fit([[0.0], [0.0]], labels).predict([[0.0]])[0]",
        mutant="NearestBreaksTies",
        model=models.by_vote,
    ),
    Piece(
        task="Predicts the class with the most votes of the k nearest rows. Labels are any whole numbers.",
        code="""\
def predict(X, y, query, k):
    distances = np.linalg.norm(X - query, axis=1)
    nearest = np.argsort(distances, kind="stable")[:k]
    votes = np.bincount(y[nearest])
    return votes.argmax()
""",
        changes=(
            (
                "votes = np.bincount(y[nearest])\n    return votes.argmax()",
                "labels, votes = np.unique(y[nearest], return_counts=True)\n    return labels[votes.argmax()]",
            ),
        ),
        why="`bincount` counts the numbers from 0 on. It takes no label below 0, and no words.",
        given="X, y = np.array([[0.0]]), np.array([-1])",
        ask="predict(X, y, np.array([0.0]), k=1)",
        same="KNNClassifier(1).fit(X, y).predict([[0.0]])[0]",
        mutant="NeverDecoded",
        model=models.by_prediction,
    ),
]
