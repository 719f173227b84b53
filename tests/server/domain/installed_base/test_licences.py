from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.installed_base.licences import LicenceCount, LineSeats, count_licences

names = st.sampled_from(["a", "b", "c"])
seats = st.builds(LineSeats, names, names, names, st.integers(1, 9), st.just(0)).flatmap(
    lambda line: st.integers(0, line.sold).map(lambda active: line._replace(active=active))
)


@given(st.lists(seats))
def test_every_way_of_counting_comes_to_the_same_sums(lines: list[LineSeats]) -> None:
    whole = LicenceCount(sum(line.active for line in lines), sum(line.sold for line in lines))
    for by in ("segment", "product", "account"):
        counts = count_licences(lines, by=lambda line, by=by: str(getattr(line, by)))  # type: ignore[misc]
        assert LicenceCount(sum(c.active for c in counts.values()), sum(c.gross for c in counts.values())) == whole
