"""Classification: a vote of the classes of the k nearest.

The model finds the neighbours as ``NearestNeighbors`` does, *weighs* them by distance, and *combines* their votes. It
adds one vote at a time, nearest first: the order of additions decides the last bits, so it has to be stated.
"""

from typing import Any

import numpy as np

from knn_inputs.callables import refuse_sums
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_weights, renamed
from knn_inputs.sample_weight import read_repeats
from reference import checks
from reference.explanation import Explanation
from reference.scoring import accuracy
from reference.weights import WeightedNeighbors


class KNNClassifier(WeightedNeighbors):
    """Predicts the class with the most votes of the k nearest examples; equal votes go to the smallest label.

    >>> KNNClassifier(3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"]).predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    classes_: Any  # the sorted labels; for several outputs a list of such arrays, and so the next two
    _codes: Any  # the place of each example's label among them
    _class_weights: Any  # of each class

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None, weights="uniform", class_weight=None
    ):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights
        self.class_weight = class_weight

    def fit(self, X, y, sample_weight=None):
        """Keeps examples X, (n, n_features), and labels y, (n,) or (n, n_outputs); returns self.

        Raises like ``NearestNeighbors.fit``, and ValueError for labels that are missing, fractions or unsortable.
        """
        check_weights(self.weights)
        examples = self._check_examples(X)
        repeats = read_repeats(sample_weight, len(examples))
        classes, codes = checks.check_labels(y, len(examples), repeats)
        of_class = checks.check_class_weight(self.class_weight, classes, codes, repeats)
        return self._keep(X, examples, classes_=classes, _codes=codes, _class_weights=of_class, _repeats=repeats)

    def predict(self, X):
        """Returns the classes of the largest shares, (n_queries,) or (n_queries, n_outputs); see ``predict_proba``."""
        shares = self.predict_proba(X)
        if isinstance(shares, list):  # one array for each output
            return np.column_stack([c[np.argmax(s, axis=1)] for c, s in zip(self.classes_, shares, strict=True)])
        return self.classes_[np.argmax(shares, axis=1)]  # argmax takes the first of equals: the smallest label

    def predict_proba(self, X):
        """Returns vote shares, float64 (n_queries, n_classes), with columns in the order of ``classes_``.

        For y with several outputs it is a list of one such array for each. Raises like ``KNNRegressor.predict``.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        self._check_ready()
        distances, indices = self.kneighbors(X)
        shares = [self._shares(*of_output) for of_output in self._votes(indices, self.weigh(distances))]
        return shares if isinstance(self.classes_, list) else shares[0]

    def tied_votes(self, X=None):
        """Returns whether several classes share the largest share, so that the smallest label decides.

        The shape is that of ``predict``, and the type bool.
        """
        shares = self.predict_proba(X)
        several = shares if isinstance(shares, list) else [shares]
        tied = [np.sum(s == np.max(s, axis=1, keepdims=True), axis=1) > 1 for s in several]
        return np.column_stack(tied) if isinstance(shares, list) else tied[0]

    def explain(self, X=None):
        """Returns the ``Explanation`` of each prediction: its neighbours, with their labels and weights."""
        self._check_ready()
        distances, indices = self.kneighbors(X)
        votes = self._votes(indices, self.weigh(distances))
        labels, votes = [classes[codes] for classes, codes, _ in votes], [of_output for *_, of_output in votes]
        if isinstance(self.classes_, list):
            return Explanation(indices, distances, np.stack(labels, axis=-1), np.stack(votes, axis=-1))
        return Explanation(indices, distances, labels[0], votes[0])

    @np.errstate(over="ignore")  # a vote that overflows is refused with its sum
    def _votes(self, indices, weights):
        """Returns for each output its classes, and of each neighbour, (n_queries, k), the class's place and the vote.

        A vote is the weight of the neighbour times that of its class.
        """
        learned = (self.classes_, self._codes, self._class_weights)
        outputs = zip(*learned, strict=True) if isinstance(self.classes_, list) else [learned]
        return [(classes, codes[indices], weights * of[codes[indices]]) for classes, codes, of in outputs]

    def _shares(self, classes, codes, votes):
        return np.array([self.combine(c, v, len(classes)) for c, v in zip(codes, votes, strict=True)])

    @np.errstate(over="ignore", invalid="ignore")  # refuse_sums refuses a sum that overflows
    def combine(self, codes, weights, n_classes):
        """Returns each class's share of one query's votes, (n_classes,), from its neighbours' classes and weights.

        >>> KNNClassifier().combine([2, 0, 2], [1.0, 1.0, 2.0], n_classes=3)
        array([0.25, 0.  , 0.75])
        """
        votes, total = np.zeros(n_classes), 0.0
        for code, weight in zip(codes, weights, strict=True):
            votes[code] += weight
            total += weight
        refuse_sums(votes, total)
        return votes / total

    def score(self, X, y):
        """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, self.predict(X))
