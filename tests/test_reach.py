"""Classes with unusual names, functions, factories, objects and indexes are tried as they are, or refused with help."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conformance
from conformance.__main__ import main
from conformance.cases import Case
from conformance.claims import CLAIMS
from conformance.runner import PROFILES
from conformance.runner.isolation import describe
from conformance.targets import load_class, load_target, make_target
from conformance.targets.errors import TargetError
from tests.claims import try_claim

CASE = Case(np.array([[0.0], [5.0], [2.0], [9.0]]), np.array([[1.5], [8.0]]), k=2, y=np.array([1.0, 2.0, 4.0, 8.0]))
FILE = '''
import functools
import numpy as np
import conformance


def order(X, q, k):
    distances = np.sqrt(((np.asarray(X, dtype=float) - np.asarray(q, dtype=float)) ** 2).sum(axis=1))
    nearest = np.argsort(distances, kind="stable")[:k]
    return distances[nearest], nearest


class OwnNames:
    """Has names of its own for everything but fit."""

    def __init__(self, size=5):
        self.size = size

    def fit(self, X, y):
        self.X, self.y = np.array(X), np.array(y)
        return self

    def lookup(self, x):
        return order(self.X, x, self.size)

    def estimate(self, X):
        return np.array([self.y[order(self.X, q, self.size)[1]].mean() for q in X])


class KNN(OwnNames):
    def __init__(self, k=5):
        super().__init__(k)
        self.k = k

    def predict(self, X):
        self.size = self.k
        return self.estimate(X)


def knn_predict(X, y, Q, k):
    return [np.asarray(y)[order(X, q, k)[1]].mean() for q in Q]


def knn_predict_one(k, query, train_labels, points):
    return float(np.asarray(train_labels)[order(points, query, k)[1]].mean())


def knn_search(X, Q, k=3):
    return np.array([order(X, q, k)[1] for q in Q])


def knn_search_both(data, queries, n_neighbors):
    found = [order(data, q, n_neighbors) for q in queries]
    return [d for d, _ in found], [i for _, i in found]


def knn_search_one(x, X, size):
    return [(int(i), float(d)) for d, i in zip(*order(X, x, size))]


def factory(k=3):
    return KNN(k)


partial = functools.partial(KNN, k=3)
model = KNN(4)


class Tree:
    """An index in the manner of SciPy, which leaves out the axis for k = 1."""

    def __init__(self, data):
        self.data = np.array(data)

    def query(self, Q, k=1):
        found = [order(self.data, q, k) for q in Q]
        distances, indices = np.array([d for d, _ in found]), np.array([i for _, i in found])
        return (distances[:, 0], indices[:, 0]) if k == 1 else (distances, indices)


class WithLabels:
    """Is given everything at once."""

    def __init__(self, X_train, y_train, k):
        self.X, self.y, self.k = np.array(X_train), np.array(y_train), k

    def predict(self, x):
        return self.y[order(self.X, x, self.k)[1]].mean()


Adapted = conformance.adapt(
    fit=lambda X, y: (np.array(X), np.array(y)),
    kneighbors=lambda model, Q, k: [order(model[0], q, k)[1] for q in Q],
    predict=lambda model, Q, k: [model[1][order(model[0], q, k)[1]].mean() for q in Q],
)
number = 3


def needs_more(X, y, Q, k, depth):
    return y


def returns_nothing(k=3):
    return None


def unknown(rows, column):
    return rows
'''


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("reach") / "mine.py"
    path.write_text(FILE)
    return path


REACHED = {
    "KNN": {},
    "OwnNames": {"n_neighbors": "size", "method": "lookup"},
    "knn_predict": {},
    "knn_predict_one": {},
    "knn_search": {},
    "knn_search_both": {},
    "knn_search_one": {"n_neighbors": "size"},
    "factory": {},
    "partial": {},
    "model": {},
    "Tree": {},
    "WithLabels": {},
    "Adapted": {},
}


@pytest.mark.parametrize("name", REACHED)
def test_neighbors_are_found_in_whatever_can_be_asked(file, name):
    found = load_target(f"{file}:{name}", **REACHED[name]).search(CASE).neighbors(CASE.Q)

    assert [set(row) for row in found.indices] == [{2, 0}, {3, 1}]


@pytest.mark.parametrize("name", REACHED)
def test_what_is_right_is_not_accused(file, name):
    target = load_target(f"{file}:{name}", **REACHED[name])
    levels = ("neighbors", "averages", "manners")

    results = [try_claim(target, claim, PROFILES["quick"]) for claim in CLAIMS if claim.level in levels]

    assert [(r.claim, r.message) for r in results if r.verdict in ("FAILS", "raises")] == []
    assert sum(r.verdict == "holds" for r in results) > 15


def test_a_method_that_predicts_may_have_any_name(file):
    target = load_target(f"{file}:OwnNames", n_neighbors="size", method="estimate")
    target.begin()

    assert target.regressor(CASE).predict(CASE.Q).tolist() == [2.5, 5.0]
    assert [str(call).partition("(")[0] for call in target.calls] == ["model = OwnNames", "model.fit", "model.estimate"]


def test_the_habits_of_a_function_are_not_judged(file):
    target = load_target(f"{file}:knn_predict")
    names = ("fit_returns_the_model", "training_data_is_copied", "a_pickled_model_answers_alike")

    results = [try_claim(target, claim, PROFILES["quick"]) for claim in CLAIMS if claim.name in names]

    assert {r.verdict for r in results} == {"skipped"}
    assert {r.message for r in results} == {"a function has no fit", "a function keeps no training data"}


def test_an_object_is_copied_and_stays_as_it_was(file):
    make = load_class(f"{file}:model")
    one, other = make(k=1), make()

    assert (one.k, other.k) == (1, 4)
    assert one is not other


def test_parameters_of_a_pipeline_can_be_named():
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline

    from conformance.targets.makers import by_copying

    name = "kneighborsregressor__n_neighbors"
    make = by_copying(make_pipeline(KNeighborsRegressor(5)), "pipe", name)
    target = make_target("pipe", make, n_neighbors=name)

    assert target.regressor(CASE).predict(CASE.Q).tolist() == [2.5, 5.0]


@pytest.mark.parametrize(
    "text", ["scipy.spatial:cKDTree", "scipy.spatial:KDTree", "sklearn.neighbors:BallTree", "sklearn.neighbors:KDTree"]
)
def test_indexes_of_libraries_are_tried(text):
    target = load_target(text)
    results = [try_claim(target, claim, PROFILES["quick"]) for claim in CLAIMS if claim.level == "neighbors"]

    assert [(r.claim, r.message) for r in results if r.verdict in ("FAILS", "raises")] == []
    assert sum(r.verdict == "holds" for r in results) > 8


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("", {}, r"mine.py names no class in the file; did you mean .*mine.py:OwnNames or .*mine.py:KNN"),
        ("Knn", {}, r"has no class Knn; did you mean KNN\?"),
        ("knn_predcit", {}, r"has no class knn_predcit; did you mean knn_predict\?"),
        ("OwnNames", {"method": "lookup"}, "name it with --n-neighbors, e.g. --n-neighbors size"),
        ("OwnNames", {"n_neighbors": "size"}, "name its method with --method, e.g. --method estimate"),
        ("OwnNames", {"n_neighbors": "sise"}, r"OwnNames has no argument sise; did you mean size\?"),
        ("OwnNames", {"n_neighbors": "size", "method": "look"}, r"OwnNames has no method look; did you mean lookup\?"),
        ("number", {}, "number of .* is 3, and neither a class, a function, nor an object with fit"),
        ("knn_search_one", {}, "needs size: give it a default, or if .*, name it with --n-neighbors size"),
        ("needs_more", {}, "needs_more needs depth: give it a default"),
        ("returns_nothing", {}, "returns_nothing returns None, which has no method fit"),
        ("unknown", {}, r"unknown\(rows, column\) is neither a function of examples, queries and k"),
    ],
)
def test_a_refusal_says_what_mends_it(file, name, options, message):
    with pytest.raises(TargetError, match=message) as refused:
        load_target(f"{file}:{name}" if name else str(file), **options)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["OwnNames", "knn_search_one", "model", "Tree"])
def test_the_code_to_paste_loads_the_target_again(file, name):
    target = load_target(f"{file}:{name}", **REACHED[name])
    target.begin()
    target.search(Case(CASE.X, CASE.Q, 1)).neighbors(CASE.Q[:1])
    code = "\n".join(["import numpy as np", *describe(target)["imports"], *map(str, target.calls)])

    exec(code, {})

    assert "load_class" in code


def test_the_command_line_reaches_a_function_in_a_process_of_its_own(file, capsys):
    words = f"{file}:knn_search_one", "--n-neighbors", "size", "--profile", "quick", "--only", "nearest_on_a_lattice"
    status = main([*words, "--only", "no_rows_are_refused"])
    out = capsys.readouterr().out

    assert status == 1
    assert "knn_search_one: search; takes arrays; k is size; kneighbors(x) -> [(index, distance), ...]" in out
    assert "Fix next: no_rows_are_refused" in out
    pasted = out[out.index("Paste into Python:") :].partition("\n\n")[2]
    ran = subprocess.run([sys.executable, "-c", pasted.replace("\n    ", "\n").strip()], capture_output=True, text=True)
    assert "AssertionError" in ran.stderr.splitlines()[-1]


def test_adapt_refuses_what_it_cannot_call():
    with pytest.raises(TypeError, match="adapt is given fit alone"):
        conformance.adapt(fit=lambda X: X)
    with pytest.raises(TypeError, match="predict='mean' is not a function"):
        conformance.adapt(fit=lambda X: X, predict="mean")
    with pytest.raises(TypeError, match="kneighbors needs a, b, c, d, but is given at most three arguments"):
        conformance.adapt(fit=lambda X: X, kneighbors=lambda a, b, c, d: a)


def test_a_file_that_only_adapts_does_not_wait_for_torch():
    code = "import conformance, sys; print('torch' in sys.modules, 'hypothesis' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "False False\n"


PAGE = (Path(__file__).parent.parent / "docs" / "adapters.md").read_text()
SECTIONS = {
    section.partition("\n")[0]: section for section in PAGE.split("\n## ")[1:] if "python -m conformance" in section
}


def adapter_in(section):
    """The Python of a section of the page; none where the library is checked as it is."""
    return next(iter(re.findall(r"```python\n(.*?)```", section, flags=re.S)), "")


@pytest.mark.parametrize("title", SECTIONS)
@pytest.mark.filterwarnings("ignore")  # of the libraries
def test_an_adapter_of_the_page_runs(title, tmp_path):
    code, target = adapter_in(SECTIONS[title]), re.findall(r"python -m conformance (\S+)", SECTIONS[title])[0]
    modules = re.findall(r"^(?:from|import) (\S+)", code, flags=re.M) or [target.partition(":")[0]]
    for module in modules:
        pytest.importorskip(module)
    (tmp_path / "mine.py").write_text(code)
    found = load_target(target.replace("mine.py", str(tmp_path / "mine.py")))
    claim = next(claim for claim in CLAIMS if claim.name == "nearest_where_none_tie")

    assert try_claim(found, claim, PROFILES["quick"]).verdict == "holds"


def test_an_adapter_of_the_page_has_at_most_five_lines():
    for section in SECTIONS.values():
        lines = [line for line in adapter_in(section).splitlines() if line and not line.startswith(("from", "import"))]
        assert len(lines) <= 5
