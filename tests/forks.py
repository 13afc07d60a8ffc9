"""Forks this process in the ways of servers and libraries, and prints a digest of each child's answer.

``tests/test_fork.py`` runs it in a process of its own: a child may hang, and pytest's process has one thread. With
names of cases, ``python -m tests.forks NAME ...`` tries these only. The functions that need ``accelerated`` import it
themselves: two cases are about a process that has not imported it, and come first.
"""

import functools
import hashlib
import multiprocessing
import os
import sys
import threading

import numpy as np
import torch

ROWS = np.random.default_rng(0).integers(0, 256, (3000, 64)) * 1.0
TARGETS = ROWS[:, 0]
HALVES = ROWS[:300], ROWS[300:600]


def main(names):
    if torch.get_num_threads() == 1:  # on a machine with one core
        torch.set_num_threads(2)
    n_threads = torch.get_num_threads()
    for case in CASES:
        if not names or case.__name__ in names:
            print(case.__name__, case().hex(), flush=True)
    print("parent", answer().hex())
    print("threads", n_threads, torch.get_num_threads())


@functools.cache
def model():
    from accelerated import KNNRegressor

    return KNNRegressor(5, weights="distance").fit(ROWS, TARGETS)


def answer():
    """What every case asks of its children."""
    return digest(model().predict(half) for half in HALVES)


def digest(arrays):
    return hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).digest()


def in_a_child(ask):
    """The bytes that a function returns in a forked child; none if it raises an exception."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, ask())
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        answered = pipe.read()
    os.waitpid(child, 0)
    return answered


def two_threads_where_the_parent_has_used_none():
    def in_a_grandchild():
        import accelerated  # noqa: F401 the child's own child starts with one thread

        return in_a_child(with_two_threads)

    def with_two_threads():
        torch.set_num_threads(2)
        return answer()

    return in_a_child(in_a_grandchild)


def one_thread_set_by_a_child_that_imports_accelerated():
    use_torch()

    def with_one_thread():
        torch.set_num_threads(1)
        return answer()

    return in_a_child(with_one_thread)


def a_fit_after_torch_was_used_by_others():
    import accelerated  # noqa: F401 only after torch was used

    use_torch()
    return in_a_child(answer)


def use_torch():
    """What others may do before the fork: OpenMP keeps a second thread for it from here on."""
    torch.rand(1000, 1000) @ torch.rand(1000, 1000)


def os_fork():
    answer()
    return in_a_child(answer)


def a_fork_in_a_child():
    answer()
    return in_a_child(lambda: in_a_child(answer))


def a_fork_in_a_thread():
    answered = []
    thread = threading.Thread(target=lambda: answered.append(os_fork()))
    thread.start()
    thread.join()
    return answered[0]


def multiprocessing_pool():
    answer()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return digest(pool.map(model().predict, HALVES))


def joblib_multiprocessing():
    from joblib import Parallel, delayed

    answer()
    return digest(Parallel(n_jobs=2, backend="multiprocessing")(delayed(model().predict)(half) for half in HALVES))


class Predictions:
    """A data set that asks the model for each of its items."""

    def __getitem__(self, number):
        return model().predict(HALVES[number])

    def __len__(self):
        return len(HALVES)


def data_loader():
    answer()
    return digest(torch.utils.data.DataLoader(Predictions(), batch_size=None, num_workers=1))


def another_thread_searches():
    is_over = threading.Event()

    def search():
        while not is_over.is_set():
            answer()

    answer()
    thread = threading.Thread(target=search)
    thread.start()
    answered = {in_a_child(answer) for _ in range(5)}
    is_over.set()
    thread.join()
    return answered.pop() if len(answered) == 1 else b""


def another_thread_draws_a_bar():
    from tqdm import tqdm

    holds, is_over = threading.Event(), threading.Event()

    def draw():
        with tqdm.get_lock():  # as tqdm does for the time of each line
            holds.set()
            is_over.wait()

    answer()
    thread = threading.Thread(target=draw)
    thread.start()
    holds.wait()
    answered = in_a_child(answer)
    is_over.set()
    thread.join()
    return answered


def every_kind_of_search():
    return answer() if in_a_child(all_answers) == all_answers() else b""


def all_answers():
    """A digest of the answers of every filter, of metrics without one, of votes and of a choice of k."""
    from accelerated import KNNClassifier, NearestNeighbors, select_n_neighbors
    from tests.helpers import by

    X, Q, labels = ROWS[:1000], ROWS[:50], TARGETS[:1000] > 128
    names = ("uint8", "int8", "bfloat16", "float32", "float64", "exhaustive")
    searches = [by(name).fit(X) for name in names]
    searches += [NearestNeighbors(metric=metric).fit(X) for metric in ("cosine", "manhattan", "hamming", "jaccard")]
    answers = [found for search in searches for found in search.kneighbors(Q)]
    answers += by("tree").fit(ROWS[:, :3]).kneighbors(Q[:, :3])
    answers += [NearestNeighbors().get_distance(ROWS[:1000].ravel(), ROWS[1000:2000].ravel())]
    answers += [KNNClassifier().fit(X, labels).predict_proba(Q)]
    return digest([*answers, select_n_neighbors(KNNClassifier(), X, labels, range(1, 6)).scores])


def a_regression_by_similarity():
    """Its bits depend on the number of threads, in any process: the parent is asked with one thread, too."""
    solve()
    answered, n_threads = in_a_child(solve), torch.get_num_threads()
    torch.set_num_threads(1)
    is_same = answered == solve()
    torch.set_num_threads(n_threads)
    return answer() if is_same else b""


def solve():
    """A digest of answers by Cholesky's factor, by eigenvalues and by singular values."""
    from accelerated import SimilarityRegressor

    X, y, Q = ROWS[:500] / 256, TARGETS[:500], HALVES[1] / 256
    K = X @ X.T
    cholesky, eigenvalues = SimilarityRegressor(gamma=0.1), SimilarityRegressor(gamma=0.1, solver="pinv")
    singular_values = SimilarityRegressor("precomputed", solver="pinv").fit(K + np.arange(500), y)  # not symmetric
    return digest([cholesky.fit(X, y).predict(Q), eigenvalues.fit(X, y).predict(Q), singular_values.predict(K)])


CASES = [
    two_threads_where_the_parent_has_used_none,
    one_thread_set_by_a_child_that_imports_accelerated,
    a_fit_after_torch_was_used_by_others,
    os_fork,
    a_fork_in_a_child,
    a_fork_in_a_thread,
    multiprocessing_pool,
    joblib_multiprocessing,
    data_loader,
    another_thread_searches,
    another_thread_draws_a_bar,
    every_kind_of_search,
    a_regression_by_similarity,
]

if __name__ == "__main__":
    main(sys.argv[1:])
