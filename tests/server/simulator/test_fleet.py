"""A made-up fleet is the same for the same seed, and believable."""

from musterroll.domain.units.serials import serial_key
from musterroll.simulator.failures import failure_of
from musterroll.simulator.fleet import KINDS, fleet
from musterroll_wire.vitals import VITALS

NOW = 1_793_534_400


def test_the_same_seed_is_the_same_fleet_and_a_larger_one_begins_with_it() -> None:
    assert list(fleet(7, 50)) == list(fleet(7, 80))[:50]
    assert list(fleet(7, 50)) != list(fleet(8, 50))


def test_no_two_units_share_a_serial_and_all_serials_are_accepted() -> None:
    assert len({serial_key(unit.serial) for unit in fleet(1, 5000)}) == 5000


def test_all_products_occur_and_a_few_units_carry_no_card() -> None:
    units = list(fleet(1, 1000))
    assert {unit.kind for unit in units} == set(KINDS)
    assert 0 < sum(unit.card is None for unit in units) < 100


def test_afternoons_are_warmer_than_nights_and_all_vitals_are_possible() -> None:
    for unit in fleet(1, 200):
        afternoon, night = (unit.vitals(NOW + hour * 3600) for hour in (3, -9))
        assert afternoon["temperature"] >= night["temperature"] + 2
        for hour in range(24):
            readings = unit.vitals(NOW + hour * 3600)
            assert all(vital.least <= readings[vital.name] <= vital.most for vital in VITALS)


def test_lifetime_counters_never_fall() -> None:
    for unit in fleet(1, 50):
        counts = [(unit.operating(at), unit.boots(at), *unit.usage(at).values()) for at in range(NOW, NOW + 90 * 86400, 86400)]
        assert counts == sorted(counts)


def test_about_the_share_asked_for_falls_silent_and_a_few_come_back() -> None:
    failures = [failure for number in range(2000) if (failure := failure_of(1, number, 0.3, 10)) is not None]
    assert 500 < len(failures) < 700
    assert 0.1 < sum(failure.recovers_after is not None for failure in failures) / len(failures) < 0.3
    assert {failure.disconnects for failure in failures} == {True, False}
