"""A review pack as PDF: a table of all figures, then each with its trend and with what changed. Imports slowly."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableCellFillMode
from fpdf.fonts import FontFace

from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base.targets import Move, TargetBridge, TargetLevel
from musterroll.domain.values.dates import in_words
from musterroll.usecases.installed_base import review_fonts
from musterroll.usecases.installed_base.review import Review
from musterroll.usecases.installed_base.target_states import TargetState

_FONTS, _BODY = Path(__file__).parent / "fonts", "DejaVuSans.ttf"
_INK, _MUTED, _LINE, _ACCENT, _GREEN, _RED = (23, 32, 44), (86, 96, 110), (214, 219, 226), (9, 86, 171), (20, 120, 60), (178, 34, 34)
_LEVELS = {TargetLevel.ABOVE: _GREEN, TargetLevel.AT: _GREEN, TargetLevel.BELOW: _RED}
_PLOT = (150.0, 42.0)  # mm
_WITHOUT_FONT = (
    "No font with some letters of names is installed where this was made: they are empty boxes here, and complete in the workbook. "
    "Fonts: fonts-noto-cjk or fonts-wqy-microhei (Debian), or noto-cjk-sans-jp-regular (pip)."
)
_SHOWN = 5  # accounts, products and units of each figure


class _Pages(FPDF):
    """`further`: fonts for letters that the own ones lack."""

    def __init__(self, review: Review, further: Sequence[Path] = ()) -> None:
        super().__init__()
        self._foot = f"Review {review.label}, figures as of {in_words(review.as_of)} (UTC)"
        self.add_font("body", "", _FONTS / _BODY)
        self.add_font("body", "B", _FONTS / "DejaVuSans-Bold.ttf")
        for number, path in enumerate(further):
            self.add_font(f"further{number}", "", path)
        self.set_fallback_fonts([f"further{number}" for number in range(len(further))], exact_match=False)
        self.set_text_shaping(True)
        self.set_margins(15, 15)
        self.set_auto_page_break(True, 18)
        self.set_title(f"Review {review.label}")
        self.set_creation_date(review.made_at)

    def footer(self) -> None:
        self.set_y(-12)
        self.words(f"{self._foot} · page {self.page_no()}", 8, _MUTED)

    def words(self, text: str, size: float = 10, colour: tuple[int, int, int] = _INK, bold: bool = False) -> None:
        self.set_font("body", "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")


def pdf(review: Review) -> bytes:
    further, without_font = review_fonts.with_letters(_names(review), _FONTS / _BODY)
    pages = _Pages(review, further)
    pages.add_page()
    pages.words(f"Review {review.label}", 20, bold=True)
    pages.words(
        f"Figures as of {in_words(review.as_of)} (UTC), made {review.made_at:%Y-%m-%d %H:%M} UTC by the records of then.", 9, _MUTED
    )
    if without_font:
        pages.words(_WITHOUT_FONT, 9, _MUTED)
    pages.ln(3)
    counts = review.counts
    base = f"{counts.deployed:,} units deployed, {counts.operating:,} of them operating, {counts.licences:,} licences in use"
    pages.words(f"Installed base: {base}.")
    pages.ln(3)
    heads = ("Figure", "Value", "Target", "Level", "Before", "Year before")
    _table(pages, heads, (54, 37, 32, 23, 16, 18), [_row(state) for state in review.states])
    for change in review.windows:
        pages.words(f"Window changed on {in_words(change.on)}: {change.says}.", 9, _MUTED)
    if review.benchmarks:
        pages.ln(3)
        pages.words("Benchmarks of the industry", 12, bold=True)
        rows = [
            (wording.MEASURES[row.measure], row.industry, str(row.year), wording.plain(row.value) + " %" * row.measure.is_share, row.source)
            for row in review.benchmarks[:20]
        ]
        _table(pages, ("Figure", "Industry", "Year", "Value", "Source"), (42, 34, 14, 20, 70), rows)
    for state in review.states:
        _state(pages, state)
    return bytes(pages.output())


def _names(review: Review) -> Iterator[str]:
    """What others wrote, in any letters."""
    yield from (change.says for change in review.windows)
    yield from (text for row in review.benchmarks for text in (row.industry, row.source))
    for state in review.states:
        yield state.name.name
        yield from (move.name for move in (*state.bridge.accounts, *state.bridge.products)) if state.bridge else ()


def _row(state: TargetState) -> tuple[str, ...]:
    measure, now = state.course.of.measure, state.now
    level = wording.LEVELS[now.level] if now and now.level else "no target"
    past = [wording.figure(measure, point.value) if point else "unknown" for point in (state.previous, state.last_year)]
    aim = wording.aim(measure, state.aim) if state.aim else ""
    value = wording.figure(measure, now.value) if now else "unknown"
    of = f" ({now.value.part:,} of {now.value.whole:,})" if now and now.value.whole is not None else ""
    return (f"{wording.MEASURES[measure]}, {state.name.name}", f"{value}{of}", aim, level, *past)


def _table(pages: _Pages, heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
    pages.set_font("body", "", 8)
    pages.set_text_color(*_INK)
    pages.set_draw_color(*_LINE)
    style = FontFace(emphasis="BOLD", color=_INK, fill_color=(240, 243, 247))
    layout = {"col_widths": tuple(widths), "headings_style": style, "line_height": 4.6, "borders_layout": "HORIZONTAL_LINES"}
    with pages.table(**layout, text_align="LEFT", cell_fill_mode=TableCellFillMode.NONE, width=sum(widths), align="LEFT") as table:
        for row in (heads, *rows):
            cells = table.row()
            for text in row:
                cells.cell(text)


def _state(pages: _Pages, state: TargetState) -> None:
    measure, now = state.course.of.measure, state.now
    if now is None:
        return
    if pages.get_y() > 190:
        pages.add_page()
    pages.ln(6)
    pages.words(f"{wording.MEASURES[measure]}: {state.name.name}", 13, bold=True)
    aim = f", the target {wording.aim(measure, state.aim)}" if state.aim else ""
    pages.words(f"{wording.figure(measure, now.value)} on {in_words(now.on)}{aim}.", 10)
    if now.level:
        pages.words(wording.LEVELS[now.level], 10, _LEVELS[now.level], bold=True)
    _chart(pages, state)
    if state.bridge:
        _bridge(pages, state, state.bridge)


def _chart(pages: _Pages, state: TargetState) -> None:
    """The trend as a line, the target dashed where there was one."""
    points = [(point, float(number)) for point in state.trend if (number := point.value.number) is not None]
    if len(points) < 2:
        return
    aims = [float(point.aim.value) for point, _ in points if point.aim]
    low, high = min([value for _, value in points] + aims), max([value for _, value in points] + aims)
    low, high = (low - 1, high + 1) if low == high else (low - (high - low) * 0.1, high + (high - low) * 0.1)
    left, top = pages.l_margin + 18, pages.get_y() + 4
    days = [point.on.toordinal() for point, _ in points]

    def place(on: int, value: float) -> tuple[float, float]:
        return left + _PLOT[0] * (on - days[0]) / (days[-1] - days[0]), top + _PLOT[1] * (high - value) / (high - low)

    share = state.course.of.measure.is_share
    _grid(pages, left, top, [low + (high - low) * part / 4 for part in range(5)], lambda value: place(days[0], value)[1], share)
    pages.set_draw_color(*_GREEN)
    pages.set_line_width(0.6)
    pages.polyline([place(day, value) for day, (_, value) in zip(days, points, strict=True)])
    held = [place(day, float(point.aim.value)) for day, (point, _) in zip(days, points, strict=True) if point.aim]
    if len(held) > 1:
        pages.set_draw_color(*_ACCENT)
        pages.set_dash_pattern(1.5, 1.5)
        pages.polyline(held)
        pages.set_dash_pattern()
    pages.set_line_width(0.2)
    pages.set_y(top + _PLOT[1] + 1)
    pages.set_x(left)
    pages.set_font("body", "", 7)
    pages.set_text_color(*_MUTED)
    pages.cell(_PLOT[0] / 2, 4, f"{points[0][0].on:%d %b %Y}")
    pages.cell(_PLOT[0] / 2, 4, f"{points[-1][0].on:%d %b %Y}", align="R", new_x="LMARGIN", new_y="NEXT")
    key = "Green: the figure." + (" Blue, dashed: the target." if len(held) > 1 else "")
    pages.words(f"{key} The axis starts at {_tick(low, share)}.", 7, _MUTED)


def _grid(pages: _Pages, left: float, top: float, ticks: Sequence[float], height: Callable[[float], float], share: bool) -> None:
    pages.set_draw_color(*_LINE)
    pages.set_font("body", "", 7)
    pages.set_text_color(*_MUTED)
    for tick in ticks:
        y = height(tick)
        pages.line(left, y, left + _PLOT[0], y)
        pages.set_xy(left - 18, y - 2)
        pages.cell(16, 4, _tick(tick, share), align="R")


def _tick(value: float, share: bool) -> str:
    return f"{value:.1f} %" if share else f"{value:,.0f}"


def _bridge(pages: _Pages, state: TargetState, bridge: TargetBridge) -> None:
    measure = state.course.of.measure
    pages.ln(2)
    before, after = wording.figure(measure, bridge.before), wording.figure(measure, bridge.after)
    pages.words(f"What changed since {in_words(bridge.since)}: from {before} to {after}", 10, bold=True)
    if not bridge.reasons:
        pages.words("Nothing moved this figure.", 9, _MUTED)
        return
    reasons = [move._replace(name=wording.reason(measure, move.key)) for move in bridge.reasons]
    for title, moves, count in (
        ("By reason", reasons, len(reasons)),
        ("By account", bridge.accounts, bridge.account_count),
        ("By product", bridge.products, bridge.product_count),
    ):
        shown = moves[:_SHOWN]
        _table(pages, (title, "Units", "Change"), (110, 25, 45), [_move(move, state, bridge) for move in shown])
        if count > len(shown):
            pages.words(f"The {len(shown)} that moved it most, of {count:,}; the workbook has more.", 7, _MUTED)
        pages.ln(1)


def _move(move: Move, state: TargetState, bridge: TargetBridge) -> tuple[str, str, str]:
    name = f"{move.name} ({move.key})" if move.name and move in bridge.accounts else move.name or "without an account"
    return name, f"{move.units:,}", wording.change(state.course.of.measure, bridge.effect(move))
