"""Which suspect is blamed, and how surely."""

from tests.corpus.regenerate import source

from faultmaven.diagnosis.catalogue import load
from faultmaven.diagnosis.hypotheses import Judged, judge
from faultmaven.diagnosis.questions import focus_of
from faultmaven.diagnosis.signs import signs_of
from faultmaven.diagnosis.suspects import suspects_of

REFUSED = "2026-03-17 09:{:02}:00 ERROR shop cannot connect to db-1:5432: Connection refused"
FULL = "2026-03-17 09:{:02}:00 ERROR pg could not write to file: No space left on device"
ODD = "2026-03-17 09:{:02}:00 ERROR ledger checksum drift of {} units"
MISCONF = (
    "2026-03-17 09:{:02}:00 ERROR redis MISCONF Redis is configured to save RDB snapshots,"
    " but it is currently not able to persist on disk"
)
TICK = "2026-03-17 09:{:02}:00 INFO shop tick {}"


def judged(*files: list[str], question: str = "why?") -> list[Judged]:
    sources = [source(f"{n}.log", "\n".join(file).encode()) for n, file in enumerate(files)]
    signs = [sign for one in sources for sign in signs_of(one, load())]
    return judge(suspects_of(signs), focus_of(question))


def ids(found: list[Judged]) -> list[str]:
    return [one.suspect.fault.id if one.suspect.fault else one.suspect.role for one in found]


def test_a_cause_outranks_a_louder_symptom() -> None:
    found = judged([FULL.format(1)], [REFUSED.format(n) for n in range(1, 30)])
    assert ids(found)[:2] == ["disk_full", "connection_refused"]
    assert (found[0].strength, found[1].strength) == ("strong", "moderate")


def test_what_another_fault_explains_is_ruled_out_as_the_cause() -> None:
    found = judged([FULL.format(1)], [MISCONF.format(5)])
    effect = next(one for one in found if one.suspect.key != "disk_full")
    assert found[0].consequences == (effect.suspect,)
    assert effect.ruled_out_because is not None
    assert "brings about as a rule" in effect.ruled_out_because


def test_a_cause_seen_long_after_its_consequence_is_objected_to_and_less_sure() -> None:
    found = judged([MISCONF.format(1)], [FULL.format(31)])
    cause = next(one for one in found if one.suspect.key == "disk_full")
    assert cause.against
    assert cause.strength == "moderate"


def test_what_was_over_before_the_lasting_trouble_began_is_not_its_cause() -> None:
    found = judged([FULL.format(0)], [REFUSED.format(n) for n in range(20, 50)])
    assert ids(found) == ["connection_refused", "disk_full"]
    assert found[1].ruled_out_because == "It was last seen 20 min before the main trouble began."


def test_what_lies_months_apart_is_not_one_incident() -> None:
    effect = MISCONF.format(5).replace("2026-03-17", "2026-11-02")
    found = judged([FULL.format(1)], [effect])
    assert all(not one.consequences for one in found)
    assert all("brings about as a rule" not in (one.ruled_out_because or "") for one in found)


def test_a_trouble_over_before_the_main_one_began_is_ruled_out() -> None:
    found = judged([ODD.format(1, 3)], [FULL.format(n) for n in range(30, 40)])
    assert ids(found) == ["disk_full", "unknown"]
    assert found[1].ruled_out_because == "It was last seen 29 min before the main trouble began."


def test_an_unknown_error_that_recurs_and_comes_first_is_a_moderate_suspect() -> None:
    found = judged([TICK.format(n, n) for n in range(20)] + [ODD.format(n, n) for n in range(20, 30)])
    assert (ids(found), found[0].strength) == (["unknown"], "moderate")


def test_a_single_unknown_error_is_a_weak_one() -> None:
    assert judged([ODD.format(1, 7)])[0].strength == "weak"


def test_what_the_question_names_counts() -> None:
    files = ([REFUSED.format(n) for n in range(9)], ["2026-03-17 09:30:00 ERROR pay-7 checksum drift"])
    assert ids(judged(*files))[0] == "connection_refused"
    assert ids(judged(*files, question="what happened to pay-7?"))[0] == "unknown"


def test_nothing_suspicious_means_no_suspects() -> None:
    assert judged([TICK.format(n, n) for n in range(20)]) == []


def test_one_of_very_many_unknown_errors_is_not_blamed_for_the_rest() -> None:
    words = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heath", "iris", "jade"]
    lines = [f"2026-03-17 09:{n:02}:00 ERROR shop {word} {word} {word}" for n in range(20) for word in words]
    assert all(one.strength == "weak" for one in judged(lines))
