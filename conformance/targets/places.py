"""Where in the target's own code an exception was raised, and whether it was raised on purpose."""

import dis
import inspect
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Any

import hypothesis
import numpy as np

SUITE = Path(__file__).parents[1]
LIBRARIES = (
    *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *(str(Path(str(package.__file__)).parent) for package in (hypothesis, np)),  # they may be installed elsewhere
)


def in_one_line(error: BaseException, length: int = 200) -> str:
    """The exception's type and message, without line breaks.

    >>> in_one_line(ValueError("too\\nlong"))
    'ValueError: too long'
    """
    text = " ".join(str(error).split())[:length]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place_of(error: BaseException) -> str:
    """The last line of the target's own code that the exception went through, as "my_knn.py:17 in predict".

    Code of libraries is passed over, unless there is no other; the text is empty where the suite itself raised.
    """
    places = [frame for frame in _frames(error) if not _is_of_suite(frame)]
    own = [frame for frame in places if _is_own(frame)] or places
    if not own:
        return ""
    frame = own[-1]
    return f"{Path(_file(frame)).name}:{frame.tb_lineno} in {frame.tb_frame.f_code.co_name}"


def place_of_function(function: Any) -> str:
    """The file and the line where a function or a class begins; empty where it is compiled.

    >>> place_of_function(Path.cwd).rpartition(":")[0], place_of_function(len)
    ('pathlib.py', '')
    """
    function = getattr(getattr(function, "__self__", None), "function", function)  # of a class made of a function
    try:
        file, (_, line) = inspect.getsourcefile(function), inspect.getsourcelines(inspect.unwrap(function))
    except (TypeError, OSError):
        return ""
    if file and _is_in_suite(Path(file)):  # a class made of several functions
        return ""
    return f"{Path(file or '').name}:{line} in {getattr(function, '__name__', '')}"


def is_deliberate(error: BaseException) -> bool:
    """Whether a ``raise`` or an ``assert`` in Python raised the exception, and not an operation that went wrong."""
    frames = _frames(error)
    if not frames:
        return False
    code, at = frames[-1].tb_frame.f_code.co_code, frames[-1].tb_lasti
    return dis.opname[code[at]] in ("RAISE_VARARGS", "RERAISE")


def is_of_target(error: BaseException) -> bool:
    """Whether the exception was raised in a call of the target, and not by the suite, which reads its answers."""
    return any(_calls_the_target(frame) or _is_own(frame) for frame in _frames(error))


def _calls_the_target(frame: TracebackType) -> bool:
    """Whether it is the line in ``Fitted.call``, or in ``Adapter.build``, from which the target is called."""
    name = (Path(_file(frame)).name, frame.tb_frame.f_code.co_name)
    return _is_of_suite(frame) and name in (("fitted.py", "call"), ("adapters.py", "build"))


def _is_own(frame: TracebackType) -> bool:
    """Whether the line is of the target's own code: neither of the suite nor of a library."""
    return not _is_of_suite(frame) and not _file(frame).startswith(LIBRARIES)


def _frames(error: BaseException) -> list[TracebackType]:
    frames, here = [], error.__traceback__
    while here is not None:
        frames.append(here)
        here = here.tb_next
    return frames


def _file(frame: TracebackType) -> str:
    return frame.tb_frame.f_code.co_filename


def _is_of_suite(frame: TracebackType) -> bool:
    return _is_in_suite(Path(_file(frame)))


def _is_in_suite(file: Path) -> bool:
    return SUITE in file.parents and "zoo" not in file.parts
