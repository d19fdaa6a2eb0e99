from __future__ import annotations

from tests.report.sample import battle, failed_response, response, verdict

from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.winner import Winner
from palestra.report.tally import Failures, Latencies, Meetings, OrderTally, PromptShares

A, B = response("q", "a", "x"), response("q", "b", "y")


def test_a_win_rate_is_weighed_and_a_tie_is_half_a_win() -> None:
    meetings = Meetings()
    meetings.add(battle("1", A, B, Winner.A, weight=3.0))
    meetings.add(battle("2", A, B, Winner.TIE))
    meetings.add(battle("3", B, A, Winner.BOTH_BAD))
    told, back = meetings.between("a", "b"), meetings.between("b", "a")
    assert told is not None
    assert back is not None
    assert (told.win_rate, told.n, back.win_rate) == (0.8, 3, 0.2)


def test_a_soft_battle_counts_its_share() -> None:
    meetings = Meetings()
    meetings.add(battle("1", A, B, Winner.A, soft=True, pref=0.6))
    told = meetings.between("a", "b")
    assert told is not None
    assert told.win_rate == 0.6


def test_models_that_never_met_have_no_win_rate() -> None:
    meetings = Meetings()
    meetings.add(battle("1", A, B, Winner.A, weight=0.0))
    told = meetings.between("a", "b")
    assert told is not None
    assert told.win_rate is None
    assert meetings.between("a", "c") is None
    assert meetings.models() == {"a", "b"}


def test_a_model_against_itself_is_no_meeting() -> None:
    meetings = Meetings()
    meetings.add(battle("1", A, A, Winner.A))
    assert meetings.models() == set()


def _orders(*pairs: tuple[Winner | None, Winner | None]) -> OrderTally:
    tally = OrderTally()
    for number, (when_ab, when_ba) in enumerate(pairs):
        tally.add(verdict(f"q{number}", "a", "b", Order.AB, when_ab))
        tally.add(verdict(f"q{number}", "a", "b", Order.BA, when_ba))
    return tally


def test_a_judge_that_always_takes_the_first_is_found_out() -> None:
    orders = _orders((Winner.A, Winner.B), (Winner.A, Winner.B)).of["Judge"]
    assert (orders.pairs, orders.disagreements, orders.first_both) == (2, 2, 2)
    assert orders.first_rate == 1.0


def test_a_judge_that_goes_by_the_answer_shows_no_liking() -> None:
    orders = _orders((Winner.A, Winner.A), (Winner.B, Winner.B), (Winner.TIE, Winner.TIE)).of["Judge"]
    assert (orders.pairs, orders.disagreements, orders.first_both, orders.second_both) == (3, 0, 0, 0)
    assert orders.first_rate == 0.5


def test_only_matchups_decided_in_both_orders_count() -> None:
    tally = _orders((Winner.A, None), (None, None))
    assert "Judge" not in tally.of


def test_it_does_not_matter_which_model_a_verdict_names_first() -> None:
    tally = OrderTally()
    told = verdict("q", "a", "b", Order.BA, Winner.B)
    for row in (verdict("q", "a", "b", Order.AB, Winner.A), told.swapped()):
        tally.add(row)
    assert tally.of["Judge"].first_both == 1


def test_repeats_are_matched_with_their_like() -> None:
    tally = OrderTally()
    tally.add(verdict("q", "a", "b", Order.AB, Winner.A, repeat=0))
    tally.add(verdict("q", "a", "b", Order.BA, Winner.A, repeat=1))
    assert not tally.of


def test_failures_are_counted_by_label_and_kind_and_only_some_are_kept_in_full() -> None:
    failures = Failures()
    for number in range(500):
        failures.add("m", f"q{number}", Failure(kind=FailureKind.TIMEOUT, message="late"))
    failures.add("n", "q", Failure(kind=FailureKind.AUTH, message="no key"))
    assert failures.total == 501
    assert failures.counts["m"] == {"timeout": 500}
    assert failures.kinds() == ["timeout", "auth"]
    assert len(failures.examples) == 200


def test_latency_is_the_median_over_answers_that_came() -> None:
    latencies = Latencies()
    for milliseconds in (100.0, 300.0, 900.0):
        latencies.add(response("q", "m", "x", latency_ms=milliseconds))
    latencies.add(failed_response("q", "m", FailureKind.TIMEOUT).model_copy(update={"latency_ms": 9e6}))
    assert latencies.median("m") == 300.0
    assert latencies.median("n") is None


def test_each_prompt_of_a_duel_counts_once_however_often_it_was_judged() -> None:
    shares = PromptShares()
    for row in (
        battle("1", A, B, Winner.A),
        battle("1", A, B, Winner.TIE),
        battle("2", B, A, Winner.A),
        battle("3", A, B, Winner.A, weight=0.0),
    ):
        shares.add(row)
    assert shares.means("a", "b") == [0.75, 0.0]
    assert shares.means("b", "a") == [0.25, 1.0]
