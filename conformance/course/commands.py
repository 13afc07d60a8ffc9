"""The jobs of ``python -m conformance learn``."""

import argparse
import tomllib
from difflib import get_close_matches
from pathlib import Path
from time import sleep

from conformance.course import feedback
from conformance.course.folder import Folder, quoted, start
from conformance.course.judge import Verdict, judge
from conformance.course.steps import STEPS, Step
from conformance.course.terminal import WIDEST, wrapped
from conformance.targets.errors import TargetError

HINTS = Path(__file__).parent / "hints.toml"
LOOKS = 0.3  # seconds between two looks at the times of the files


def add_learn(jobs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the job ``learn`` to a command line."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--dir", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="the folder of the course, if not here"
    )
    text = "learn k-NN in nineteen steps, each judged by the claims; a step may follow, by number or name"
    learn = jobs.add_parser("learn", help=text, description=text, parents=[where])
    learn.add_argument("--watch", action="store_true", help="run again whenever a file is saved")
    learn.set_defaults(run=_learn, dir=Path())
    own = learn.add_subparsers(metavar="WHAT")
    first = own.add_parser("start", help="write a file for each step to a folder")
    first.add_argument("folder", type=Path, metavar="DIR")
    first.set_defaults(run=_start)
    for name, run, text in (
        ("try", _try, "judge one step, also before those in front of it are solved"),
        ("hint", _hint, "a hint for a step; 2 and 3 behind the step tell more"),
        ("solution", _solution, "a right solution, once the step was attempted"),
        ("reset", _reset, "write the file of a step anew; your code is kept beside it"),
    ):
        job = own.add_parser(name, help=text, parents=[where])
        is_needed = name in ("solution", "reset")
        job.add_argument(
            "step", type=_step, nargs=None if is_needed else "?", metavar="STEP", help="its number or name"
        )
        job.set_defaults(run=run)
        if name == "hint":
            job.add_argument("n", type=int, nargs="?", choices=(1, 2, 3), default=1, help="which hint")
    progress = own.add_parser("progress", help="the steps, and which are solved", parents=[where])
    progress.set_defaults(run=_progress)


def spelled_out(words: list[str]) -> list[str]:
    """The words of a command line, with ``try`` before a step that follows ``learn``.

    >>> spelled_out(["learn", "3"]), spelled_out(["learn", "hint", "3"])
    (['learn', 'try', '3'], ['learn', 'hint', '3'])
    """
    is_step = words[:1] == ["learn"] and len(words) > 1 and _step_called(words[1]) is not None
    return ["learn", "try", *words[1:]] if is_step else words


def _step(text: str) -> Step:
    """The step of this number or name. Raises ArgumentTypeError, with the nearest name, if there is none."""
    if (step := _step_called(text)) is not None:
        return step
    near = get_close_matches(text, [step.name for step in STEPS], n=1)
    names = ", ".join(f"{step.number} {step.name}" for step in STEPS)
    advice = f"did you mean {near[0]}?" if near else f"the steps are {names}"
    raise argparse.ArgumentTypeError(f"{text!r} is not a step; {advice}")


def _step_called(text: str) -> Step | None:
    """The step of this number, name or file."""
    name = text.replace("-", "_").removeprefix("step_").removesuffix(".py")
    names = {str(step.number): step for step in STEPS} | {step.name: step for step in STEPS}
    names |= {f"{step.number:02}": step for step in STEPS} | {f"{step.number:02}_{step.name}": step for step in STEPS}
    return names.get(name)


def _start(arguments: argparse.Namespace) -> int:
    written = start(arguments.folder)
    is_here = arguments.folder.resolve() == Path().resolve()
    if not written:
        print(f"All files are in {arguments.folder} already. Nothing was changed.")
    else:
        print(f"{len(written)} of {len(STEPS)} files were written to {'this folder' if is_here else arguments.folder}.")
    where = "" if is_here else f"cd {quoted(arguments.folder)}\n"
    print(f"\nGo on with:\n\n{where}{feedback.LEARN}")
    return 0


def _learn(arguments: argparse.Namespace) -> int:
    folder = Folder(arguments.dir)
    if not arguments.watch:
        return _next(folder)
    try:
        while True:
            before = _times(folder)
            try:
                _next(folder)
            except TargetError as error:  # as where an editor is just replacing a file
                print(error)
            print("\nWatching the files: save one to run again, Ctrl-C ends.", flush=True)
            while _times(folder) == before:
                sleep(LOOKS)
            print("\n" + "=" * WIDEST)
    except KeyboardInterrupt:
        print("\nNo longer watching.")
        return 0


def _times(folder: Folder) -> dict[Path, int]:
    """When each file was saved."""
    times = {}
    for file in folder.path.glob("*.py"):
        try:
            times[file] = file.stat().st_mtime_ns
        except FileNotFoundError:  # an editor is just replacing it
            continue
    return times


def _next(folder: Folder) -> int:
    """Judges the steps up to the first that is not solved, and prints its report. Returns 0 if all are solved."""
    for n_solved, step in enumerate(STEPS):
        if folder.is_solved(step):
            continue
        verdict = _judged(step, folder)
        if not verdict.solved:
            print(feedback.bar(n_solved), end="\n\n")
            _tell(verdict, folder)
            return 1
        print(feedback.solved(verdict), end="\n\n", flush=True)
    print(feedback.bar(len(STEPS)), feedback.finished(), sep="\n\n")
    return 0


def _judged(step: Step, folder: Folder) -> Verdict:
    if folder.is_untouched(step):
        return Verdict(step, False, [], {"open": True})
    verdict = judge(step, folder.file(step))
    if verdict.solved:
        folder.note(step)
    return verdict


def _tell(verdict: Verdict, folder: Folder) -> None:
    """Prints the introduction of a step that is still to be written, or the report on one that fails."""
    if verdict.is_open:
        print(feedback.introduction(verdict.step, folder))
    else:
        print(feedback.report(verdict, folder))


def _try(arguments: argparse.Namespace) -> int:
    folder = Folder(arguments.dir)
    verdict = _judged(arguments.step or _current(folder), folder)
    if verdict.solved:
        print(feedback.solved(verdict))
    else:
        _tell(verdict, folder)
    return int(not verdict.solved)


def _current(folder: Folder) -> Step:
    """The first step that is not solved; the last one if all are."""
    for step in STEPS:
        if not folder.is_solved(step) and not _judged(step, folder).solved:
            return step
    return STEPS[-1]


def _hint(arguments: argparse.Namespace) -> int:
    step = arguments.step or _current(Folder(arguments.dir))
    hints = hints_of(step)
    print(f"Step {step.number}, {step.name}: hint {arguments.n} of {len(hints)}\n")
    print(*wrapped(hints[arguments.n - 1]), sep="\n")
    if arguments.n < len(hints):
        print(f"\nMore: {feedback.LEARN} hint {step.number} {arguments.n + 1}")
    else:
        print(f"\nAll of it: {feedback.LEARN} solution {step.number}")
    return 0


def hints_of(step: Step) -> list[str]:
    """The hints for a step, from a nudge to nearly the code."""
    return tomllib.loads(HINTS.read_text(encoding="utf-8"))[step.name]


def _solution(arguments: argparse.Namespace) -> int:
    step, folder = arguments.step, Folder(arguments.dir)
    if folder.is_untouched(step):
        raise TargetError(
            f"{folder.file(step)} is as it was given: attempt step {step.number} first, or ask for a hint with "
            f"{feedback.LEARN} hint {step.number}"
        )
    print(step.solution, end="")
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    step, folder = arguments.step, Folder(arguments.dir)
    kept = folder.reset(step)
    print(f"{folder.file(step)} is as it was given." + (f" Your code is in {kept}." if kept else ""))
    return 0


def _progress(arguments: argparse.Namespace) -> int:
    """Prints each step with a mark, and the bar."""
    folder, n_solved = Folder(arguments.dir), 0
    for step in STEPS:
        is_solved = folder.is_solved(step) or _judged(step, folder).solved
        n_solved += is_solved
        mark = "solved" if is_solved else "open" if folder.is_untouched(step) else "begun"
        print(f"{step.number:3}  {mark:6}  {step.name:18}  {step.title}", flush=True)
    print("\n" + feedback.bar(n_solved))
    return 0
