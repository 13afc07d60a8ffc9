"""A plugin of pytest: puts ``accelerated.drop_in`` into ``sklearn.neighbors``, so that scikit-learn's tests test it.

The run fails if ``sklearn.neighbors`` lacks a name, or if the search was hardly asked.
"""

import pytest

FEWEST_SEARCHES = 1000

searches = 0


def pytest_configure(config):
    """Replaces the names before any test is read."""
    from sklearn import neighbors

    from accelerated import NearestNeighbors, drop_in

    for name in drop_in.__all__:
        assert hasattr(neighbors, name), f"sklearn.neighbors has no {name}"
        setattr(neighbors, name, getattr(drop_in, name))
    for name in ("kneighbors", "radius_neighbors"):
        setattr(NearestNeighbors, name, _count(getattr(NearestNeighbors, name)))


def _count(method):
    def counted(*args, **kwargs):
        global searches
        searches += 1
        return method(*args, **kwargs)

    return counted


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    print(f"\n{searches} searches")
    if searches < FEWEST_SEARCHES:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
