"""The rows of a saved model: ``save`` stores them without compression, so that some of them can be read."""

from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from accelerated.files.flat import make_flat
from accelerated.files.rows_file import AGAIN, RowsFile
from accelerated.metrics import METRICS
from accelerated.saving import read_description
from accelerated.saving.archive import seek_array

ADVICE = "pass a file of the rows as they were given to fit"


def open_npz(path: str) -> RowsFile:
    """Returns the rows of a model that ``save`` wrote, in the order in which they were given to ``fit`` and ``add``.

    The checksum of the rows is not tried, because all of them would be read for it. Raises OSError, and ValueError for
    other arrays and for a model that does not hold its rows as they were given.
    """
    with open(path, "rb") as file:
        try:
            with ZipFile(file) as archive:
                members = {member.filename: member for member in archive.filelist}
                arrays, stored, rows = {}, None, members.get("_rows.npy")
                if "model.npy" in members:
                    with archive.open("model.npy") as opened:
                        arrays["model"] = np.lib.format.read_array(opened, allow_pickle=False)
                if rows is not None and rows.compress_type == ZIP_STORED:
                    stored = *seek_array(file, rows), file.tell()
        except OSError:
            raise
        except Exception as error:  # a changed byte may raise anything
            raise ValueError(f"path={path!r} is not a file of ``save``, or was cut: {error}; {AGAIN}") from error
    _check_model(path, read_description(path, arrays)["attributes"])
    if stored is None:
        raise ValueError(f"path={path!r} was compressed after ``save`` wrote it: save the model again")
    return make_flat(path, *stored)


def _check_model(path: str, attributes: dict[str, Any]) -> None:
    """Raises ValueError unless the rows of the model are those that it was given."""
    chosen = attributes["_chosen"]["ChosenMetric"][0]
    problem = None
    if "sparse" in attributes["_rows"]:
        problem = "sparse rows, which are not read lazily"
    elif chosen in METRICS and not METRICS[chosen].keeps_rows:
        problem = f"rows that fit has changed for metric={chosen!r}"
    elif attributes.get("_copies") is not None:
        problem = "rows with sample weights, which a file of rows does not have"
    if problem:
        raise ValueError(f"path={path!r} holds a model of {problem}: {ADVICE}")
