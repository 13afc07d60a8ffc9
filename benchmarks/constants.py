"""How long searches, fits and predictions take with other values of a constant that decides on time.

python -m benchmarks.constants                        the names
python -m benchmarks.constants LEAF                   milliseconds for each value, the present one first
python -m benchmarks.constants GPU_GAPS --device cuda   on a GPU
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks import studies, update_studies
from benchmarks.studies_among import STUDIES_AMONG, Among
from benchmarks.studies_cells import STUDIES_CELLS
from benchmarks.study_cases import Case, Regression, Values
from benchmarks.timing import in_turns
from benchmarks.update_studies import Removals

STUDIES = {**studies.STUDIES, **STUDIES_AMONG, **STUDIES_CELLS, **update_studies.STUDIES}


@contextmanager
def set_to(values: Values) -> Iterator[None]:
    """Sets the constants in all modules of the package that know them."""
    known = [
        (module, name, getattr(module, name))
        for path, module in list(sys.modules.items())
        if path.startswith("accelerated.")
        for name in values
        if hasattr(module, name)
    ]
    assert {name for _, name, _ in known} == set(values)
    for module, name, _ in known:
        setattr(module, name, values[name])
    try:
        yield
    finally:
        for module, name, before in known:
            setattr(module, name, before)


def calls(
    cases: list[Case] | list[Regression] | list[Among] | list[Removals], values: Values, device: str
) -> Callable[[], None]:
    """Fits the models, and returns a function that searches or predicts with these values."""

    def run() -> None:
        with set_to(values):
            for case, model in zip(cases, models, strict=True):
                case.ask(case.fit(device) if case.with_fit else model)

    with set_to(values):
        models = [case.fit(device) for case in cases]
    return run


def main(arguments: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", choices=STUDIES, metavar="NAME")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args(arguments)
    if asked.name is None:
        print(*STUDIES, sep="\n")
        return {}
    study = STUDIES[asked.name]
    cases = study.cases()
    functions = {str(next(iter(values.values()))): calls(cases, values, asked.device) for values in study.values}
    seconds = in_turns({value: partial(run) for value, run in functions.items()}, asked.rounds)
    for value, taken in seconds.items():
        print(f"{asked.name} = {value}: {1000 * taken:.1f} ms")
    return seconds


if __name__ == "__main__":
    main()
