"""The last ten pieces: shapes that fit by accident, state, chunks, rounding, and pruning."""

from conformance.zoo.pieces import models
from conformance.zoo.pieces.piece import Piece

PIECES = [
    Piece(
        task="Predicts the mean of the targets of the k nearest rows, a number. The targets y have the shape (n, 1).",
        code="""\
def predict(X, y, query, k):
    gap = X - query
    distances = np.sqrt(np.sum(gap * gap, axis=1))
    nearest = np.argsort(distances, kind="stable")[:k]
    weights = np.ones(k)
    return np.sum(weights * y[nearest]) / np.sum(weights)
""",
        changes=(("weights * y[nearest])", "weights * y[nearest, 0])"),),
        why="(k,) times (k, 1) is (k, k), every weight with every target, so the result is the sum of the targets.",
        given="X, y = np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])",
        ask="float(predict(X, y, np.array([0.0]), k=2))",
        same="KNNRegressor(2).fit(X, y[:, 0]).predict([[0.0]])[0]",
        mutant="RegressorWithoutDivision",
        model=models.by_prediction_from_a_column,
    ),
    Piece(
        task="Returns the k nearest other rows of each row.",
        code="""\
def leave_one_out(X, k):
    found = []
    for x in X:
        distances = np.linalg.norm(X - x, axis=1)
        order = np.argsort(distances, kind="stable")
        others = order[distances[order] > 0]
        found.append(others[:k].tolist())
    return found
""",
        changes=(
            ("for x in X:", "for i, x in enumerate(X):"),
            ("order[distances[order] > 0]", "order[order != i]"),
        ),
        why="A twin is at distance 0 too, and is left out with the row itself. Only the index tells them apart.",
        given="X = np.array([[0.0], [0.0]])",
        ask="leave_one_out(X, k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors(return_distance=False)",
        mutant="NeverItself",
        other_claim="a_row_is_left_out_of_its_own_neighbors",
        model=models.by_left_out,
    ),
    Piece(
        task="Standardises the features by the training rows X, and returns the k nearest rows of each query.",
        code="""\
def get_neighbors(X, Q, k):
    rows = np.concatenate([X, Q])
    center, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1
    X, Q = (X - center) / spread, (Q - center) / spread
    found = []
    for query in Q:
        distances = np.linalg.norm(X - query, axis=1)
        found.append(np.argsort(distances, kind="stable")[:k])
    return np.array(found)
""",
        changes=(("rows = np.concatenate([X, Q])", "rows = X"),),
        why="The queries are the future. With them in the mean and the spread, an answer depends on the other queries.",
        given="X, Q = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [9.0, 0.0]])",
        ask="get_neighbors(X, Q, k=1)[0]",
        same="NearestNeighbors(1).fit(X / X.std(axis=0)).kneighbors(Q[:1] / X.std(axis=0))[1][0]",
        mutant="ScaledWithTheQueries",
        model=None,  # claims ask for the nearest rows in the features as they are
    ),
    Piece(
        task="Finds the k nearest rows of any number of queries, one after another.",
        code="""\
class KNN:
    def __init__(self, k=1):
        self.k = k

    def fit(self, X):
        self.X = np.array(X, dtype=float)
        return self

    def get_neighbors(self, query):
        gap = self.X
        gap -= query
        distances = np.sqrt(np.sum(gap * gap, axis=1))
        return np.argsort(distances, kind="stable")[: self.k]
""",
        changes=(("gap = self.X\n        gap -= query", "gap = self.X - query"),),
        why="`gap` is the model's own array, and -= writes to it: each query moves the rows for the next one.",
        given="model = KNN(k=1).fit([[0.0], [1.0]])\nmodel.get_neighbors(np.array([1.0]))",
        ask="model.get_neighbors(np.array([0.0]))",
        same="NearestNeighbors(1).fit([[0.0], [1.0]]).kneighbors([[0.0]])[1][0]",
        mutant="SortsTheRowsThemselves",
        model=models.itself,
    ),
    Piece(
        task="Returns the k nearest rows. Distances are held for `size` rows at once.",
        code="""\
def get_neighbors(X, query, k, size=2):
    best = []
    for start in range(0, len(X), size):
        rows = X[start : start + size]
        distances = np.linalg.norm(rows - query, axis=1)
        for i, distance in enumerate(distances):
            best.append((distance, i))
        best = sorted(best)[:k]
    return [i for _, i in best]
""",
        changes=(("(distance, i))", "(distance, start + i))"),),
        why="i counts from the beginning of the chunk, and the answer needs the number of the row.",
        given="X = np.array([[1.0], [1.0], [0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="TileWithoutStart",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the k nearest rows. Differences are held for `size` rows at once.",
        code="""\
def get_neighbors(X, query, k, size=2):
    distances = np.full(len(X), np.inf)
    for chunk in range(len(X) // size):
        rows = slice(chunk * size, (chunk + 1) * size)
        distances[rows] = np.linalg.norm(X[rows] - query, axis=1)
    order = np.argsort(distances, kind="stable")
    return order[:k]
""",
        changes=(("range(len(X) // size)", "range((len(X) + size - 1) // size)"),),
        why="The division leaves out a last chunk that is not full. Its rows keep the distance infinity.",
        given="X = np.array([[1.0], [1.0], [0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="LastTileLost",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the k nearest rows, nearest first. Of equal distances the first row comes first.",
        code="""\
def get_neighbors(X, query, k):
    heap = []
    for i, x in enumerate(X):
        distance = np.linalg.norm(x - query)
        heapq.heappush(heap, (-distance, i))
        if len(heap) > k:
            heapq.heappop(heap)
    return [i for _, i in sorted(heap, key=lambda pair: (-pair[0], pair[1]))]
""",
        changes=(
            ("(-distance, i))", "(-distance, -i))"),
            (
                "[i for _, i in sorted(heap, key=lambda pair: (-pair[0], pair[1]))]",
                "[-i for _, i in sorted(heap, reverse=True)]",
            ),
        ),
        why="The heap throws out its smallest pair: the largest distance and, of equal ones, the first row. "
        "The index must be negated as well.",
        given="X = np.array([[0.0], [0.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="Heap",
        model=models.by_neighbors,
    ),
    Piece(
        task="Returns the Euclidean distances of all queries to all rows, (n_queries, n), also far from 0.",
        code="""\
def get_distances(Q, X):
    squared_Q = np.sum(Q * Q, axis=1)[:, None]
    squared_X = np.sum(X * X, axis=1)
    squares = squared_Q + squared_X - 2 * (Q @ X.T)
    squares = np.maximum(squares, 0)
    return np.sqrt(squares)
""",
        changes=(
            (
                "    squared_Q = np.sum(Q * Q, axis=1)[:, None]\n    squared_X = np.sum(X * X, axis=1)\n"
                "    squares = squared_Q + squared_X - 2 * (Q @ X.T)\n    squares = np.maximum(squares, 0)",
                "    squares = np.zeros((len(Q), len(X)))\n    for j in range(X.shape[1]):\n"
                "        squares += (Q[:, j, None] - X[:, j]) ** 2",
            ),
        ),
        why="The terms are near 1e18, where neighbouring numbers are 128 apart, and their difference is 1. "
        "Subtract first, then square; `maximum` only hides the sign of the error.",
        given="Q, X = np.array([[1e9]]), np.array([[1e9 + 1]])",
        ask="get_distances(Q, X)",
        same="NearestNeighbors(1).fit(X).kneighbors(Q)[0]",
        mutant="Expanded",
        model=models.by_distances,
    ),
    Piece(
        task="Searches a k-d tree: returns the k smallest pairs (squared distance, row) of `rows` and `best`.",
        code="""\
def search(X, rows, query, k, best=(), axis=0):
    if not rows:
        return best
    rows = sorted(rows, key=lambda i: X[i, axis])
    middle = len(rows) // 2
    gap = query[axis] - X[rows[middle], axis]
    square = np.sum((query - X[rows[middle]]) ** 2)
    best = sorted([*best, (square, rows[middle])])[:k]
    sides = [rows[:middle], rows[middle + 1 :]]
    near, far = sides if gap < 0 else sides[::-1]
    best = search(X, near, query, k, best, (axis + 1) % X.shape[1])
    if len(best) < k or abs(gap) <= best[-1][0]:
        best = search(X, far, query, k, best, (axis + 1) % X.shape[1])
    return best
""",
        changes=(("abs(gap) <= best[-1][0]", "gap**2 <= best[-1][0]"),),
        why="A gap is compared with a squared distance. A distance below 1 is larger than its square, so the far side "
        "is left out although a nearer row may be there. Where the k-th distance is above 1, the bug costs time only.",
        given="X = np.array([[0.0, 0.0], [0.0, 9.0], [1.1, 0.0]])",
        ask="[i for _, i in search(X, list(range(len(X))), np.array([0.5, 0.0]), k=1)]",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.5, 0.0]])[1][0]",
        mutant="StopsEarly",
        other_claim="nearest_of_any_numbers",
        model=models.by_tree,
    ),
    Piece(
        task="Returns the k nearest rows, nearest first, without measuring blocks of rows that lie too far away. "
        "Of equal distances the first row comes first.",
        code="""\
def get_neighbors(X, query, k, size=2):
    def least(start):
        block = X[start : start + size]
        inside = np.clip(query, block.min(axis=0), block.max(axis=0))
        return np.sum((inside - query) ** 2)

    best = []
    for start in sorted(range(0, len(X), size), key=least):
        if len(best) == k and least(start) >= best[-1][0]:
            break
        for i in range(start, min(start + size, len(X))):
            best.append((np.sum((X[i] - query) ** 2), i))
        best = sorted(best)[:k]
    return [i for _, i in best]
""",
        changes=(("least(start) >= best[-1][0]", "least(start) > best[-1][0]"),),
        why="`least` is the squared distance to the box around a block. A block at exactly the k-th distance may have "
        "a row that is equally far and has a lower index. Only blocks beyond the k-th distance can be left out.",
        given="X = np.array([[1.0], [1.0], [-1.0], [1.0]])",
        ask="get_neighbors(X, np.array([0.0]), k=1)",
        same="NearestNeighbors(1).fit(X).kneighbors([[0.0]])[1][0]",
        mutant="FullAfterK",
        other_claim="ties_among_many_rows",
        model=models.by_neighbors,
    ),
]
