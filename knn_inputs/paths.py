"""The argument path: the name of a file."""

import os
from typing import Any

from knn_inputs.messages import a_kind_of, show


def read_path(path: Any) -> str:
    """Returns the name of a file as a string; raises TypeError unless it is a str or an os.PathLike of one."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise TypeError(f"path={show(path)} is {a_kind_of(path)}, but must be a str or an os.PathLike")
    return name
