"""Runs every example, which asserts its own claim, and draws every picture."""

import ast
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from accelerated import KNNClassifier

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = {file.stem: file for file in sorted(FOLDER.glob("*.py"))}
DRAWN = [name for name, file in EXAMPLES.items() if "--plot" in file.read_text()]
FETCHED = {"airfoil": ["--data", str(FOLDER / "data" / "airfoil_self_noise.dat")], "mnist": None, "diamonds": None}
README = (FOLDER / "README.md").read_text()
DOCS = FOLDER.parent / "docs"
SECTIONS = re.split(r"^## ", (DOCS / "pictures.md").read_text(), flags=re.M)[1:]  # of the page of pictures


def load(name):
    spec = importlib.util.spec_from_file_location(f"examples_{name}", EXAMPLES[name])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(name, *more):
    """The calls of ``main``: one list of arguments, or no arguments if it takes none."""
    takes_arguments = "argv" in EXAMPLES[name].read_text()
    return [[*(FETCHED.get(name) or []), *more]] if takes_arguments else []


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"mnist", "diamonds"}))
def test_an_example_shows_its_claim(name, capsys):
    load(name).main(*arguments(name))

    assert re.search(r"\d", capsys.readouterr().out)


@pytest.mark.parametrize("name", sorted({*DRAWN} - {"diamonds"}))
def test_an_example_draws_its_picture_and_prints_the_numbers_of_its_section(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MPLBACKEND", "agg")
    [section] = [section for section in SECTIONS if f"/{name}.png" in section]
    file = tmp_path / "picture.png"

    load(name).main(*arguments(name, "--plot", str(file)))

    assert file.read_bytes().startswith(b"\x89PNG")
    assert 5_000 < file.stat().st_size < 150_000
    assert set(re.findall(r"\d\.\d+", section)) <= set(re.findall(r"\d\.\d+", capsys.readouterr().out))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_asserts_something(name):
    source = EXAMPLES[name].read_text()
    tree = ast.parse(source)

    assert len(source.splitlines()) < 60
    assert ast.get_docstring(tree)
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def test_the_noise_of_airfoils_is_predicted_as_well_as_the_source_says_and_better_with_an_intercept(capsys):
    load("airfoil").main(*arguments("airfoil"))

    printed = capsys.readouterr().out
    assert printed.count("hint: ") == 1 and "pass fit_intercept=True" in printed
    assert re.findall(r"\d\.\d{4}", printed) == ["3.6406", "3.7101", "4.5377", "3.6362"]


def spotted_images(*args, **options):
    """Data of the shape of MNIST: ten random images, 7,000 times each, under noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(70_000) % 10
    images = rng.integers(0, 128, (10, 784), dtype=np.uint8)[labels]
    images += rng.integers(0, 128, images.shape, dtype=np.uint8)
    return Bunch(data=images, target=labels.astype(str))


def test_mnist_is_read_when_it_can_be_fetched(monkeypatch, capsys):
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", spotted_images)

    load("mnist").main(["--test", "100"])

    assert "accuracy" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["mnist", "airfoil"])
def test_a_failed_download_is_one_clear_line(name, monkeypatch):
    def no_network(*args, **options):
        raise OSError("Name or service not known")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", no_network)

    with pytest.raises(SystemExit, match=r"could not be fetched from openml.org.*Name or service not known"):
        load(name).main([])


def write_diamonds(file):
    """Made-up diamonds, of which a better grade is worth more the larger the stone is."""
    rng = np.random.default_rng(0)
    lines = ['"","carat","cut","color","clarity","depth","table","price","x","y","z"']  # as R writes them
    for i in range(500):
        carat, cut, color, clarity = rng.uniform(0.3, 3), rng.integers(5), rng.integers(7), rng.integers(8)
        price = 3000 * carat**1.7 * np.exp(0.3 * carat * (color - 3) / 3 + 0.1 * clarity)
        grades = ["Fair,Good,Very Good,Premium,Ideal", "J,I,H,G,F,E,D", "I1,SI2,SI1,VS2,VS1,VVS2,VVS1,IF"]
        named = [text.split(",")[n] for text, n in zip(grades, (cut, color, clarity), strict=True)]
        sizes = 6 * carat ** (1 / 3) * np.array([1, 1, 0.6])
        entries = [
            f"{carat:.2f}",
            *(f'"{name}"' for name in named),
            60 + i % 3,
            57 + i % 2,
            round(price),
            *sizes.round(2).tolist(),
        ]
        lines.append(",".join(map(str, [f'"{i}"', *entries])))
    file.write_text("\n".join(lines))


def test_diamonds_are_read_from_a_file_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MPLBACKEND", "agg")
    data, picture = tmp_path / "diamonds.csv", tmp_path / "picture.png"
    write_diamonds(data)
    example = load("diamonds")
    monkeypatch.setattr(example, "TRAIN", 400)

    example.main(["--data", str(data), "--plot", str(picture)])

    errors = [float(number) for number in re.findall(r"(0\.\d{4}) standard", capsys.readouterr().out)]
    assert len(errors) == 3 and errors[2] == min(errors)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_diamonds_are_found_in_plotnine_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "plotnine" / "data").mkdir(parents=True)
    (tmp_path / "plotnine" / "__init__.py").write_text("raise ImportError('not to be imported')")
    write_diamonds(tmp_path / "plotnine" / "data" / "diamonds.csv")
    monkeypatch.syspath_prepend(tmp_path)

    X, y = load("diamonds").read(None)

    assert X.shape == (500, 9) and y.shape == (500,)


def test_without_a_file_the_reader_is_told_how_to_get_it(monkeypatch):
    example = load("diamonds")
    monkeypatch.setattr(example, "find_spec", lambda name: None)

    with pytest.raises(SystemExit, match="pip download --no-deps plotnine"):
        example.main([])


def test_the_page_of_examples_has_all_of_them_and_their_pictures():
    assert set(re.findall(r"\]\((\w+)\.py\)", README)) == set(EXAMPLES)
    assert set(re.findall(r"\(pictures/(\w+)\.png\)", README)) == set(DRAWN)
    assert {file.stem for file in (FOLDER / "pictures").glob("*.png")} == set(DRAWN)
    assert all(file.stat().st_size < 150_000 for file in (FOLDER / "pictures").iterdir())


def test_the_page_of_pictures_has_every_picture_once_with_its_command_and_a_question():
    pictures = [re.findall(r"!\[[^]]+\]\((\S+\.png)\)", section) for section in SECTIONS]

    assert all(len(found) == 1 for found in pictures)
    files = [(DOCS / found[0]).resolve() for found in pictures]
    assert sorted(files) == sorted([*(FOLDER / "pictures").glob("*.png"), *DOCS.glob("*.png")])
    for file, section in zip(files, SECTIONS, strict=True):
        [command] = re.findall(r"^    python (.+)$", section, flags=re.M)
        assert file.parent == DOCS or command == f"examples/{file.stem}.py --plot {file.name}"
        assert len(re.findall(r"^\*\*.+\?.*\*\*$", section, flags=re.M)) == 1
        assert section.count("<details><summary>Answer</summary>") == 1


def test_votes_of_inverse_distance_do_not_change_how_the_misread_digits_of_the_picture_are_read():
    X, X_test, y, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
    alike, weighted = (KNNClassifier(5, weights=w).fit(X, y).predict(X_test) for w in ("uniform", "distance"))
    wrong = np.flatnonzero(alike != y_test)[1:3]  # those of the last two rows

    assert np.array_equal(alike[wrong], weighted[wrong])
    assert np.array_equal(KNNClassifier(1).fit(X, y).predict(X_test[wrong]), y_test[wrong])


def test_the_filter_measures_as_many_rows_as_the_pages_say(capsys):
    load("filter").main([])

    measured, rows = map(int, re.findall(r"\d+", capsys.readouterr().out)[:2])
    assert f"Of {rows:,} rows {measured} are measured" in (DOCS / "pictures.md").read_text()
    assert f"exclude {rows - measured:,} of {rows:,} rows" in README
