"""Saving a fitted model in a file, and loading it, without pickle: loading a file never runs code from it.

``archive`` writes and reads arrays, ``values`` makes JSON and arrays of a model's parameters and attributes. The file
is an uncompressed ``.npz``, so ``np.load`` opens it as well. Its first array is the JSON, as bytes.
"""

import json
import os
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from accelerated.calling_thread import in_calling_thread
from accelerated.one_fit import of_one_fit
from accelerated.saving.archive import read_arrays, write_arrays
from accelerated.saving.values import decode, encode
from knn_inputs.messages import show
from knn_inputs.paths import read_path

# a change that an older ``load`` would misread is a new version: 2 may hold sparse rows
FORMAT, VERSION, READ = "verified-knn", 2, (1, 2)


class Saved:
    """Gives ``save`` and ``load`` to an estimator whose attributes are numbers, strings, arrays and tensors.

    ``_made_again`` names the attributes that a file does not hold, because ``_make_again`` makes them of the others.
    """

    _made_again: ClassVar[tuple[str, ...]] = ()

    def _make_again(self) -> None: ...

    def _whole(self) -> Self:
        """Returns the model in a form whose attributes can be saved."""
        return self

    @of_one_fit
    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the fitted model to one file, without pickle; an interrupted ``save`` leaves an older file whole.

        The name of the file is taken as it is; .npz is usual. The file holds the parameters, the rows (for cosine and
        jaccard as the search keeps them), labels or targets, and the names of the features. It does not hold what
        ``fit`` prepares for a fast search, because that depends on the machine. Raises NotFittedError; TypeError for a
        metric or weights that are a function, and for labels and parameters that are neither numbers nor strings;
        OSError if the file cannot be written.

        >>> import tempfile
        >>> from accelerated import KNNClassifier
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     KNNClassifier(1).fit([[0], [5]], ["low", "high"]).save(f"{folder}/model.npz")
        ...     KNNClassifier.load(f"{folder}/model.npz").predict([[4]]).tolist()
        ['high']
        """
        check_is_fitted(self, "n_samples_fit_")
        path = read_path(path)
        arrays: dict[str, np.ndarray] = {}
        parameters = self.get_params(deep=False)  # type: ignore[attr-defined]
        left_out = {*parameters, *self._made_again}
        attributes = {name: value for name, value in vars(self._whole()).items() if name not in left_out}
        described = {
            "format": FORMAT,
            "version": VERSION,
            "class": type(self).__name__,
            "parameters": {name: encode(value, name, arrays) for name, value in parameters.items()},
            "attributes": {name: encode(value, name, arrays) for name, value in attributes.items()},
        }
        text = np.frombuffer(json.dumps(described).encode(), dtype=np.uint8)
        write_arrays(path, {"model": text, **arrays})

    @classmethod
    @in_calling_thread()
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Returns the model that ``save`` wrote, which answers with the same bits.

        Arrays of 1 MiB or more are mapped: rows stay in the file, and are read where a search needs them. Their
        checksum is tried first, for which all of them are read once; it finds damage, not malice. Then the fast search
        is prepared as by ``fit``. Nothing may write to the file while the model is in use; ``save`` puts another file
        in its place, which is safe. A model of a GPU that is not there comes to another GPU, or to the CPU.

        Raises OSError if the file cannot be read; ValueError if it was cut or changed, is of another version, or holds
        a model of another class.
        """
        path = read_path(path)
        arrays = read_arrays(path)
        described = read_description(path, arrays)
        if described["class"] != cls.__name__:
            other = described["class"]
            raise ValueError(f"path={path!r} holds a {other}, not a {cls.__name__}: use {other}.load")
        try:
            parameters, attributes = (
                {name: decode(value, arrays) for name, value in described[kind].items()}
                for kind in ("parameters", "attributes")
            )
        except (KeyError, ValueError) as error:
            problem = f"has no {error}" if isinstance(error, KeyError) else f"cannot be read, as {error}"
            advice = "load a copy of it, or save the model again"
            raise ValueError(f"path={path!r} {problem}, so it was cut or changed: {advice}") from error
        model = cls(**parameters)
        vars(model).update(attributes)
        model._make_again()
        return model


def read_description(path: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Returns what the file says about its model; raises ValueError if it is of another format or version."""
    try:
        described = json.loads(arrays["model"].tobytes())
        known, version = described["format"] == FORMAT, described["version"]
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise ValueError(f"path={path!r} holds arrays, but no model: pass a file that ``save`` wrote")
    if version not in READ:
        advice = "load it with the verified-knn that saved it, or with a later one"
        raise ValueError(f"path={path!r} is of version {show(version)} of the format, not 1 to {VERSION}: {advice}")
    return described
