"""scikit-learn's own tests of its neighbours, with every class and graph function of ``accelerated.drop_in`` instead.

``DIFFERENCES`` lists the functions that fail, with the reason. A function that begins to fail, or no longer fails,
makes this test fail.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import sklearn

ROOT = Path(__file__).parents[1]
TESTS = Path(sklearn.__file__).parent / "neighbors" / "tests"
FILES = ("test_neighbors.py", "test_neighbors_pipeline.py", "test_graph.py")
DIFFERENCES = {
    "test_k_and_radius_neighbors_duplicates": "of three equal rows, row 2 has row 0 as its nearest, the lowest index; "
    "the test expects row 1, which scikit-learn's sort happens to leave first",
    "test_kneighbors_brute_backend": "under mahalanobis the VI of the test has a negative eigenvalue, so "
    "that the square of a distance may be negative: refused",
    "test_radius_neighbors_brute_backend": "the same",
    "test_KNeighborsClassifier_raise_on_all_zero_weights": "the ValueError has another message",
}


def run(folder):
    """Returns the names of scikit-learn's test functions, and whether all cases of each passed."""
    report = folder / "report.xml"
    here = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), "SKLEARN_RUN_FLOAT32_TESTS": "1"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", folder, "-p", "sklearn_replaced"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--junit-xml", report),
            *(TESTS / file for file in FILES),
        ],
        env=os.environ | here,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]  # 1: some tests failed
    passed: dict[str, bool] = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0]
        failed = case.find("failure") is not None or case.find("error") is not None
        passed[name] = passed.get(name, True) and not failed
    return passed


def test_only_the_listed_functions_of_scikit_learns_tests_fail(tmp_path):
    passed = run(tmp_path)

    lines = [line for file in FILES for line in (TESTS / file).read_text().splitlines()]
    assert passed.keys() == {re.split(r"[ (]", line)[1] for line in lines if line.startswith("def test_")}
    assert sorted(name for name in passed if not passed[name]) == sorted(DIFFERENCES)
