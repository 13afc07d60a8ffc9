"""The versions of this project and of the libraries, for the reports."""

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """The version of a package; ``unknown`` for one that is not installed, such as this project in a bare checkout.

    >>> version_of("verified-knn"), version_of("no-such-package")
    ('0.1.0', 'unknown')
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
