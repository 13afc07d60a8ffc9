"""Reports as files: JSON with everything, and JUnit's XML, which continuous integration understands."""

import os
import platform
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from conformance.claims import BY_NAME
from conformance.runner.causes import BROKEN
from conformance.runner.trial import Result
from conformance.targets.errors import TargetError
from conformance.versions import version_of

LEFT_OUT = ("skipped", "known", "differs")  # verdicts that JUnit has one word for


def as_json(header: dict[str, Any], results: list[Result], profile: str, seed: int) -> dict[str, Any]:
    """The run as JSON: the target, the versions of the libraries, and every result."""
    versions = {name: version_of(name) for name in ("verified-knn", "numpy", "hypothesis", "scikit-learn", "torch")}
    described = [
        {"level": claim.level, "kind": claim.kind, "sentence": claim.sentence, **result.as_json()}
        for result in results
        if (claim := BY_NAME[result.claim])
    ]
    return {
        "schema": "conformance/2",
        "target": header["target"],
        "models": header["models"],
        "profile": profile,
        "seed": seed,
        "versions": {"python": platform.python_version(), **versions},
        "cpus": os.cpu_count(),
        "verdicts": dict(Counter(result.verdict for result in results)),
        "results": described,
    }


def as_junit(header: dict[str, Any], results: list[Result]) -> str:
    """The run as XML: a test case for each claim, in a class for each level."""
    verdicts = Counter(result.verdict for result in results)
    counts = {
        "name": f"conformance {header['target']}",
        "tests": len(results),
        "failures": sum(verdicts[verdict] for verdict in BROKEN),
        "errors": 0,
        "skipped": sum(verdicts[verdict] for verdict in LEFT_OUT),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    suite = ElementTree.Element("testsuite", {name: str(count) for name, count in counts.items()})
    for result in results:
        claim = BY_NAME[result.claim]
        attributes = {"classname": f"{header['target']}.{claim.level}", "name": claim.name}
        case = ElementTree.SubElement(suite, "testcase", attributes, time=f"{result.seconds:.3f}")
        if result.verdict in BROKEN:
            failure = ElementTree.SubElement(case, "failure", type=result.verdict, message=result.message)
            failure.text = f"{claim.sentence}\nWhy: {claim.why}\n{result.message}\n{result.shown}"
        elif result.verdict in LEFT_OUT:
            ElementTree.SubElement(case, "skipped", type=result.verdict, message=result.message)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def write(path: str, text: str) -> None:
    """Writes a file; "-" is the standard output. Raises TargetError for a file that cannot be written."""
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise TargetError(f"{path} cannot be written: {error.strerror}") from error
