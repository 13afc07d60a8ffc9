"""The suite is proven by its zoo: every mutant is caught by the claim that it names, and every claim is named."""

from pathlib import Path

import pytest

from conformance.cases import pins
from conformance.cases.pins import Pin, pinned, read_pins, write_pins
from conformance.claims import BY_NAME
from conformance.runner import PROFILES, Profile, run_claim
from conformance.runner.causes import FAILED
from conformance.targets import load_target, make_target
from conformance.zoo import ZOO, averages, diagnosis, proof, signatures, stories
from conformance.zoo.diagnosis import read_places, share_named
from conformance.zoo.forms import Form, target_of
from conformance.zoo.host import HostRegressor, planted, predicting
from conformance.zoo.picture import table_of_mutants
from conformance.zoo.proof import try_mutant
from conformance.zoo.signatures import read_signatures
from tests.helpers import DRAWS

DOCS = Path(__file__).parent.parent / "docs"
BY_CHANCE = {"RandomTies", "ScratchOnTheModel"}
MUTANTS = {mutant.__name__: mutant for mutant in ZOO}


@pytest.mark.parametrize("mutant", ZOO, ids=lambda mutant: mutant.__name__)
def test_a_mutant_is_caught_by_the_claim_that_it_names(mutant):
    result = try_mutant(mutant, mutant.claim, shrinking=0)

    assert result.verdict in FAILED
    assert result.draws <= max(1, round(DRAWS * BY_NAME[mutant.claim].effort))


def test_every_claim_catches_a_mutant_that_names_it():
    assert {mutant.claim for mutant in ZOO} == set(BY_NAME)


def test_the_zoo_is_large_and_every_mutant_has_a_story_of_one_line():
    assert len(ZOO) >= 160
    assert len(MUTANTS) == len(ZOO)
    for mutant in ZOO:
        assert mutant.__doc__.endswith(".")
        assert "\n" not in mutant.__doc__
        assert mutant.seen


def test_a_mutant_is_found_again_by_its_pin_alone():
    """Mutants that break a claim on the same smallest case share its pin."""
    nothing = Profile(draws=1, budget=0.0, limit=60)  # no time to draw

    drawn = {name: mutant for name, mutant in MUTANTS.items() if BY_NAME[mutant.claim].level != "costs"}
    for name, mutant in drawn.items():
        again = pinned(mutant.claim) * (20 if name in BY_CHANCE else 1)
        result = run_claim(make_target(name, mutant), BY_NAME[mutant.claim], nothing, pins=again)
        assert result.verdict in FAILED, name


def test_pins_are_written_once_each(monkeypatch, tmp_path):
    monkeypatch.setattr(pins, "FILE", tmp_path / "pins.json")
    first, second = Pin("a_claim", "A", {"k": 1}), Pin("a_claim", "B", {"k": 2})

    write_pins([first, second, first._replace(found_by="C")])

    assert sorted(read_pins()) == sorted([first, second])
    read_pins.cache_clear()


def test_what_was_found_out_about_the_zoo_is_up_to_date():
    known = read_signatures()

    assert list(known) == list(MUTANTS)
    for name, caught in known.items():
        assert MUTANTS[name].claim in caught
        assert set(caught) <= set(BY_NAME)
        assert all(0 < share <= 1 for share in caught.values())
    assert (DOCS / "zoo.md").read_text() == table_of_mutants(known, read_places())
    assert (DOCS / "zoo.png").stat().st_size < 150_000


def test_a_report_names_the_bug_first_or_second_in_83_percent_of_the_diagnoses():
    places = read_places()

    assert list(places) == list(MUTANTS)
    for which, at_least in (("itself", 165), ("planted", 115), ("predicting", 95)):
        named, n = share_named([getattr(found, which) for found in places.values()])
        assert n >= at_least
        assert named / n >= 0.83


def test_a_bug_that_is_planted_in_another_class_is_diagnosed():
    assert diagnosis.place(planted(averages.Median), averages.Median) == 1
    assert diagnosis.place(predicting(averages.Median), averages.Median) == 1
    assert diagnosis.place(HostRegressor, averages.Median) is None  # without the bug nothing fails


def test_a_bug_of_the_search_is_known_by_other_claims_where_a_class_only_predicts():
    itself, alone = read_signatures()["ForgottenRoot"], read_signatures(Form("classifier", False))["ForgottenRoot"]

    assert "euclidean_distance" in itself
    assert "votes_weigh_by_inverse_distance" not in itself
    assert "votes_weigh_by_inverse_distance" in alone
    assert read_signatures(Form("classifier"))["ForgottenRoot"].keys() == itself.keys() | alone.keys()
    assert "Median" not in read_signatures(Form("classifier", False))
    assert target_of("ForgottenRoot", Form("classifier", False)).adapters.keys() == {"classifier"}


def test_planted_bugs_are_those_of_answers_that_an_ordinary_class_gives():
    can = {mutant.__name__ for mutant in ZOO if diagnosis.can_be_planted(mutant)}

    assert {"Median", "ForgottenRoot", "LastClassWins", "OneTooFew"} <= can
    assert not {"FarthestFirst", "MissingIsZero", "TooMuchJitter", "DefaultSort"} & can


def test_a_mutant_is_a_target_like_any_other():
    target = load_target("conformance.zoo.averages:Median")

    assert run_claim(target, BY_NAME["averages_of_targets"], PROFILES["quick"]).verdict == "FAILS"
    assert stories(["Median"]) == [("Median", "Takes the median of the targets.")]


@pytest.fixture
def one_claim(monkeypatch, tmp_path):
    """A suite of one claim, whose pins, signatures and pages are files in an empty folder."""
    for module in (proof, diagnosis):
        monkeypatch.setattr(module, "BY_NAME", {"averages_of_targets": BY_NAME["averages_of_targets"]})
    for module in (pins, signatures, diagnosis):
        copy = tmp_path / module.FILE.name
        copy.write_text(module.FILE.read_text())
        monkeypatch.setattr(module, "FILE", copy)
    monkeypatch.setattr(proof, "DOCS", tmp_path)
    read_pins.cache_clear()
    yield tmp_path
    read_pins.cache_clear()


def test_one_mutant_is_tried_and_written_without_the_others(one_claim, capsys):
    before, finders, places = read_signatures(), {pin.found_by for pin in read_pins()}, read_places()

    assert proof.prove(["Median"], write=False) == 0
    assert read_signatures() == before
    assert proof.prove(["Median"], write=True) == 0
    assert capsys.readouterr().out.count("caught by averages_of_targets, and 1 in all\n  averages_of_targets\n") == 2
    assert read_signatures() == {**before, "Median": {"averages_of_targets": 1.0}}
    assert read_places() == {**places, "Median": read_places()["Median"]}
    assert None not in read_places()["Median"]
    assert {pin.found_by for pin in read_pins()} == finders
    assert (one_claim / "zoo.md").read_text() == table_of_mutants(read_signatures(), read_places())
    assert (one_claim / "zoo.png").is_file()
