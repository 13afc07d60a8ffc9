"""The page ``docs/playground.html`` in a browser: its script gives the bits of ``reference``, and its controls work.

The tests that need a browser start Chromium once each, without a window, on a page that writes its answers into itself.
"""

import json
import re
import shutil
import subprocess
from functools import reduce
from html import unescape
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import reference
from reference import KNNClassifier
from reference.selection import find_best

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "playground.html").read_text(encoding="utf-8")
SCRIPT = re.search(r'<script id="knn">\n(.*?)</script>', PAGE, flags=re.S)[1]
QUOTED = [
    (file, unescape(lines))
    for file, lines in re.findall(r'<pre data-file="([^"]+)"[^>]*>(.*?)</pre>', PAGE, flags=re.S)
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is on PATH: on Debian, apt-get install chromium"
)
METRICS, WEIGHTS = ("euclidean", "manhattan", "chebyshev"), ("uniform", "distance")

ANSWER = """
const answers = BOARDS.map(({ X, y, queries, ...settings }) => {
  const predictions = queries.map(query => predict(X, y, query, settings)), wrong = leaveOneOut(X, y, settings);
  const all = name => predictions.map(prediction => prediction[name]);
  return { neighbours: all("nearest"), distances: all("distances"), weights: all("weights"), shares: all("shares"),
           predictions: all("label"), leave_one_out: wrong, best: findBest(wrong) };
});
document.body.textContent = JSON.stringify(answers);
"""


def body_of(html, folder):
    """The text of the page's body after its scripts have run in the browser, whose files go into the folder."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += ["--window-size=1280,900", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    ended = subprocess.run(
        [*command, (folder / "page.html").as_uri()], capture_output=True, encoding="utf-8", timeout=120
    )
    body = re.search(r"<body>(.*?)</body>", ended.stdout, flags=re.S)
    assert body, f"the browser ended with {ended.returncode}: {ended.stderr[-2000:]}"
    return unescape(body[1].strip())


def random_boards(rng, n):
    """Boards for all metrics and weights: two of three on a grid, where ties are common, and half with duplicates."""
    boards = []
    for i in range(n):
        rows, queries = int(rng.integers(2, 15)), 3
        on_grid, twins = i % 3 < 2, rng.integers(0, rows, rows) if i % 4 < 2 else np.arange(rows)
        places = rng.integers(0, 7, (rows + queries, 2)) / 2 if on_grid else rng.uniform(0, 10, (rows + queries, 2))
        boards.append(
            {
                "X": places[twins].tolist(),
                "y": rng.integers(0, 2, rows).tolist(),
                "queries": places[rows:].tolist(),
                "k": int(rng.integers(1, rows + 1)),
                "metric": METRICS[rng.integers(3)],
                "weights": WEIGHTS[rng.integers(2)],
            }
        )
    return boards


def answers_of_page(script, boards, folder):
    """The answers of the script of the page for each board, by their names."""
    html = f"<!DOCTYPE html><body></body><script>{script}\nconst BOARDS = {json.dumps(boards)};{ANSWER}</script>"
    return json.loads(body_of(html, folder))


def answers_of_reference(board):
    """The answers of ``reference`` for a board, in lists of numbers."""
    X, y, queries = board["X"], board["y"], board["queries"]
    model = KNNClassifier(board["k"], metric=board["metric"], weights=board["weights"]).fit(X, y)
    distances, neighbours = model.kneighbors(queries)
    shares = np.zeros((len(queries), 2))
    shares[:, model.classes_] = model.predict_proba(queries)
    ks = list(range(1, len(X)))
    wrong = [int(np.sum(model.set_params(n_neighbors=k).predict(None) != y)) for k in ks]
    return {
        "neighbours": neighbours.tolist(),
        "distances": distances.tolist(),
        "weights": model.weigh(distances).tolist(),
        "shares": shares.tolist(),
        "predictions": model.set_params(n_neighbors=board["k"]).predict(queries).tolist(),
        "leave_one_out": wrong,
        "best": find_best(ks, [-count for count in wrong]) if ks else None,
    }


def differences(boards, answers):
    """The names of the answers that ``reference`` does not give, each with a board."""
    found = {}
    for board, answer in zip(boards, answers, strict=True):
        expected = answers_of_reference(board)
        assert answer.keys() == expected.keys()
        found.update({name: board for name in expected if answer[name] != expected[name]})
    return found


@needs_browser
def test_the_page_gives_the_bits_of_reference(rng, tmp_path):
    boards = random_boards(rng, 200)

    assert differences(boards, answers_of_page(SCRIPT, boards, tmp_path)) == {}


@needs_browser
@pytest.mark.parametrize(
    ("line", "broken", "found"),
    [
        ("distances[i] - distances[j])", "distances[i] - distances[j] || j - i)", "neighbours"),
        ("Math.sqrt(total)", "Math.hypot(a[0] - b[0], a[1] - b[1])", "distances"),
        ("infinite.includes(true)", "infinite.includes(null)", "weights"),
        ("for (let i = 0; i < codes.length; i++) {", "for (let i = codes.length - 1; i >= 0; i--) {", "shares"),
        ("shares.indexOf(", "shares.lastIndexOf(", "predictions"),
        ("order.filter(i => i !== leaveOut)", "order.slice(leaveOut < 0 ? 0 : 1)", "leave_one_out"),
        ("wrong.indexOf(", "wrong.lastIndexOf(", "best"),
    ],
)
def test_a_broken_rule_of_the_page_is_found(line, broken, found, rng, tmp_path):
    boards = random_boards(rng, 40)
    assert SCRIPT.count(line) == 1

    assert found in differences(boards, answers_of_page(SCRIPT.replace(line, broken), boards, tmp_path))


DRIVER = """
const seen = {};
function see(name) {
  const { X, y, query, k, metric, weights } = board;
  seen[name] = {
    board: { X, y, queries: [query], k, metric, weights },
    label: Number(find("answer").textContent.at(-1)),
    rows: [...find("neighbours").rows].map(row => Number(row.cells[1].textContent)),
    marks: find("marks").children.length - 1,
    errors: find("chartText").textContent,
    ties: find("ties").textContent.replace(/\\s+/g, " "),
  };
  seen[name] = JSON.parse(JSON.stringify(seen[name]));
}
function at([x, y]) {
  const { left, top, width, height } = find("plot").getBoundingClientRect();
  const clientX = left + width * x / board.range[0], clientY = top + height * (1 - y / board.range[1]);
  return { clientX, clientY, bubbles: true };
}
function drag(mark, place) {
  find("marks").children[mark + 1].dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  dispatchEvent(new PointerEvent("pointermove", at(place)));
  dispatchEvent(new PointerEvent("pointerup"));
  dispatchEvent(new PointerEvent("pointermove", at([0, 0]))); // moves nothing, as the drag has ended
}
const press = (mark, key) =>
  find("marks").children[mark + 1].dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
function set(id, value) {
  find(id).value = value;
  for (const type of ["input", "change"]) find(id).dispatchEvent(new Event(type));
}
const preset = number => find("presets").children[number].click();

see("start");
drag(QUERY, [2, 8]); see("query among class 0");
drag(QUERY, [6, 2]); see("query among class 1");
drag(0, [6, 2.5]); see("row 0 dragged to it");
document.querySelector("[name=newClass][value='1']").click();
find("ground").dispatchEvent(new MouseEvent("click", at([6, 1.5]))); see("row added by a click");
press(40, "ArrowLeft"); see("row moved by a key");
press(40, "Delete"); see("row deleted by a key");
find("add").click(); see("row added at the query");
find("delete").click(); see("row deleted by the button");
document.querySelector("#chart [data-k='8']").dispatchEvent(new MouseEvent("click")); see("k from the chart");
set("metric", "manhattan"); set("weights", "distance"); set("k", 3); see("settings");
find("snap").click(); see("on the grid");
preset(1); see("ties"); set("k", 4); see("equal votes");
preset(2); see("a duplicate");
preset(3); see("unscaled");
preset(4); see("scaled");
while (board.X.length > 1) { drag(0, [5, 5]); press(0, "Delete"); }
press(0, "Delete"); see("one row");
document.body.textContent = JSON.stringify(seen);
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The board and the answers that the page shows after each step of the driver, by the name of the step."""
    page = PAGE.replace("</body>", f"<script>{DRIVER}</script></body>")
    return json.loads(body_of(page, tmp_path_factory.mktemp("driven")))


@needs_browser
def test_the_page_shows_the_answers_of_reference_after_every_change(seen):
    assert len(seen) == 18
    for name, state in seen.items():
        expected, board = answers_of_reference(state["board"]), state["board"]
        assert [state["label"]] == expected["predictions"], name
        assert [state["rows"]] == expected["neighbours"], name
        assert state["marks"] == len(board["X"]), name
        if name == "one row":
            assert state["errors"] == "Leave-one-out needs at least 2 rows."
        else:
            wrong, best = expected["leave_one_out"], expected["best"]
            assert f"k = {board['k']}: {wrong[board['k'] - 1]} of {len(wrong) + 1} rows wrong." in state["errors"], name
            assert f"★ k = {best}: {wrong[best - 1]}, the fewest" in state["errors"], name


@needs_browser
def test_dragging_clicking_and_typing_change_the_board(seen):
    boards = {name: state["board"] for name, state in seen.items()}

    assert boards["query among class 0"]["queries"] == [[2, 8]]
    assert seen["query among class 0"]["label"] == 0 and seen["query among class 1"]["label"] == 1
    assert boards["row 0 dragged to it"]["X"][0] == [6, 2.5] and 0 in seen["row 0 dragged to it"]["rows"]
    x, y = boards["row added by a click"]["X"][40]
    assert max(abs(x - 6), abs(y - 1.5)) < 0.03  # a click is at a whole pixel
    assert boards["row added by a click"]["y"][40] == 1
    assert boards["row moved by a key"]["X"][40] == [round(x - 0.1, 2), y]
    assert boards["row deleted by a key"] == boards["row 0 dragged to it"] == boards["row deleted by the button"]
    assert boards["row added at the query"]["X"][40] == [6, 2]
    assert boards["k from the chart"]["k"] == 8
    assert [boards["settings"][name] for name in ("k", "metric", "weights")] == [3, "manhattan", "distance"]
    assert np.all(np.array(boards["on the grid"]["X"]) * 2 % 1 == 0)
    assert len(boards["one row"]["X"]) == 1


@needs_browser
def test_the_page_says_when_a_tie_decides(seen):
    assert seen["start"]["ties"] == "This prediction depends on neither equal distances nor equal votes."
    assert "rows 5, 6, 9 and 10 are all at 1.4142" in seen["ties"]["ties"]
    assert "rows 5, 6 and 9 in, row 10 out" in seen["ties"]["ties"] and "Equal votes" not in seen["ties"]["ties"]
    assert "Equal votes" in seen["equal votes"]["ties"] and "Equal distances" not in seen["equal votes"]["ties"]
    assert "Equal votes" in seen["a duplicate"]["ties"] and seen["a duplicate"]["label"] == 0


@needs_browser
def test_scaling_the_features_helps_as_the_page_says(seen):
    unscaled, scaled = (answers_of_reference(seen[name]["board"]) for name in ("unscaled", "scaled"))

    assert max(scaled["leave_one_out"][:9]) < min(unscaled["leave_one_out"])


def test_the_page_is_one_small_file_that_loads_nothing():
    assert len(PAGE.encode()) < 60_000
    assert (
        re.findall(r"https?:(?!//www\.w3\.org/2000/svg\")|\b(?:src|href)=|@import|url\(|fetch\(|\bimport\b", PAGE) == []
    )


@pytest.mark.parametrize(("file", "lines"), QUOTED, ids=[lines.partition("\n")[0] for _, lines in QUOTED])
def test_quoted_lines_are_in_reference(file, lines):
    source, lines = (ROOT / file).read_text(encoding="utf-8").splitlines(), lines.split("\n")
    passages = (source[start : start + len(lines)] for start in range(len(source)))

    assert lines in (dedent("\n".join(passage)).split("\n") for passage in passages)


def test_every_step_quotes_reference():
    assert len(QUOTED) == PAGE.count("<pre") == 12


def test_every_function_of_the_page_names_its_counterpart():
    functions = re.findall(r"^(?://.*\n)*// (reference[\w.]+).*\n(?://.*\n)*function (\w+)", SCRIPT, flags=re.M)

    assert [name for _, name in functions] == re.findall(r"^function (\w+)", SCRIPT, flags=re.M)
    assert all(callable(reduce(getattr, path.split(".")[1:], reference)) for path, _ in functions)
