"""The jobs of ``python -m accelerated``: each calls the function of its name."""

import argparse
import json
import os
from pathlib import Path

from accelerated.files import read_neighbors
from accelerated.ground_truth.inputs import hash_all
from accelerated.ground_truth.outputs import files_of_result
from accelerated.ground_truth.recall import Interval, recall
from accelerated.ground_truth.search import find_ground_truth
from accelerated.ground_truth.verify import Verified, Wrong, verify

SHOWN = 20  # wrong rows that are printed


def add_jobs(jobs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the jobs to a command line."""
    text = "find the exact neighbours of QUERIES among the rows of BASE, and write them to --out"
    make = jobs.add_parser("ground-truth", help=text, description=text)
    make.add_argument("base", metavar="BASE", help="the file of the rows, which may be larger than memory")
    make.add_argument("queries", metavar="QUERIES", help="the file of the queries")
    make.add_argument("-k", "--k", type=int, default=100, help="neighbours for each query; default 100")
    make.add_argument("--out", required=True, metavar="FILE", help="where to write; interrupted, the same call goes on")
    _add_search(make)
    make.add_argument("--shard-rows", type=int, metavar="N", help="rows that are searched at once; default by memory")
    make.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that searches, such as tcp://host:8786")
    make.set_defaults(run=_make)

    text = "print the recall of FOUND by TRUTH, and between which values ties leave it"
    compare = jobs.add_parser("recall", help=text, description=text)
    compare.add_argument("found", metavar="FOUND", help="the file of an approximate search's neighbours")
    compare.add_argument("truth", metavar="TRUTH", help="the file of the true neighbours; TRUTH.json is read if there")
    compare.add_argument("-k", "--k", type=int, help="compare the first k; default: all of TRUTH")
    compare.set_defaults(run=_recall)

    text = "search a sample of QUERIES among BASE, and name the rows of FOUND that are wrong"
    check = jobs.add_parser("verify", help=text, description=text)
    check.add_argument("found", metavar="FOUND", help="the file of the neighbours to check")
    check.add_argument("base", metavar="BASE", help="the file of the rows")
    check.add_argument("queries", metavar="QUERIES", help="the file of the queries")
    check.add_argument("--sample", type=int, default=1000, metavar="N", help="queries to search; 0: all; default 1000")
    check.add_argument("--seed", type=int, default=0, help="another seed draws other queries; default 0")
    _add_search(check)
    check.set_defaults(run=_verify)


def _add_search(job: argparse.ArgumentParser) -> None:
    add = job.add_argument
    add("--metric", default="euclidean", help="default euclidean")
    add("-p", type=float, default=2, help="the power of --metric minkowski; default 2")
    add("--memory-limit", metavar="SIZE", help="such as 2GB, beside queries and answers; default 1GiB")
    add("--quiet", action="store_true", help="show no progress bar")


def _make(asked: argparse.Namespace) -> int:
    made = find_ground_truth(
        asked.base,
        asked.queries,
        asked.k,
        out=asked.out,
        metric=asked.metric,
        p=asked.p,
        memory_limit=asked.memory_limit,
        shard_rows=asked.shard_rows,
        scheduler=asked.scheduler,
        progress=not asked.quiet,
    )
    n_queries, n_tied = made["queries"]["rows"], made["ties"]["n_queries"]
    print(f"{asked.out}: the {made['k']} nearest rows of {n_queries} queries, all exact")
    if n_tied:
        print(f"for {n_tied} of {n_queries} queries another row is as far as the last one")
    return 0


def _recall(asked: argparse.Namespace) -> int:
    found, _ = read_neighbors(asked.found)
    indices, distances = read_neighbors(asked.truth)
    truth = indices if distances is None else (distances, indices)
    result = recall(found, truth, asked.k, tied_beyond=_tied_beyond(asked.truth))
    k = indices.shape[1] if asked.k is None else asked.k
    print(f"recall of the first {k} rows of {len(found)} queries")
    print(f"by the truth as it is  {result.given:.6f}")
    if result.by_set is None or result.by_distance is None:
        print("how far ties change it is not known, for the truth has no distances")
        return 0
    print(f"by any truth           {_spell(result.by_set)}")
    print(f"by distance            {_spell(result.by_distance)}")
    print(f"for {result.n_tied} of {len(found)} queries another row is, or may be, as far as the last one")
    return 0


def _tied_beyond(truth: str) -> list[int] | None:
    """Returns the queries whose ties go on after the file, from the JSON beside it; None if it does not tell."""
    beside = Path(f"{truth}.json")
    if not beside.exists():
        return None
    try:
        made = json.loads(beside.read_text())
        ties, hashes = made["ties"], made["result"]["sha256"]
        is_whole = len(ties["queries"]) == ties["n_queries"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{str(beside)!r} does not describe a ground truth: remove it, or make both again") from error
    if hashes != hash_all([path for path in files_of_result(truth) if os.path.exists(path)]):
        raise ValueError(f"{str(beside)!r} is about another file than {truth!r}: remove it, or make both again")
    return list(ties["queries"]) if is_whole else None


def _spell(interval: Interval) -> str:
    low, high = interval
    return f"{low:.6f}" if low == high else f"{low:.6f} to {high:.6f}"


def _verify(asked: argparse.Namespace) -> int:
    if asked.sample < 0:
        raise ValueError(f"sample={asked.sample} is below 0: pass 0 for all queries")
    result = verify(
        asked.found,
        asked.base,
        asked.queries,
        sample=asked.sample or None,
        seed=asked.seed,
        metric=asked.metric,
        p=asked.p,
        memory_limit=asked.memory_limit,
        progress=not asked.quiet,
    )
    for wrong in result.wrong[:SHOWN]:
        print(_describe(wrong))
    if len(result.wrong) > SHOWN:
        print(f"and {len(result.wrong) - SHOWN} more")
    print(_sum_up(result))
    return 1 if result.wrong else 0


def _describe(wrong: Wrong) -> str:
    where = f"query {wrong.query}, place {wrong.place}: row {wrong.row}"
    if wrong.is_repeated:
        problem = "was named before"
    elif wrong.distance is None:
        problem = "is not in the base"
    else:
        problem = f"at {wrong.distance!r}"
    return f"{where} {problem}, but should be row {wrong.true_row} at {wrong.true_distance!r}"


def _sum_up(result: Verified) -> str:
    n_rows, n_bad = result.n_queries * result.k, len({wrong.query for wrong in result.wrong})
    if result.wrong:
        text = f"wrong: {len(result.wrong)} of {n_rows} rows, in {n_bad} of {result.n_queries} queries"
    else:
        text = f"right: all {n_rows} rows of {result.n_queries} queries"
    return text + (f"; {result.n_reordered} tie with the row of a lower index" if result.n_reordered else "")
