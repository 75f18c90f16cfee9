"""The table that the benchmarks print: what is promised, what was measured, and whether it holds."""

from dataclasses import dataclass, field

GROSSLY = 3.0
"""A benchmark fails only when it misses a ratio by this factor: a busy machine is no fault."""
BUSY = 0.15
"""Above this part, other programs are worth a word."""


@dataclass(frozen=True)
class Line:
    """One measurement. A promise is `at_least` or `at_most`; a line without one is for orientation."""

    what: str
    measured: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    absolute: bool = False
    """In seconds or megabytes of this machine, and not a ratio: said, and never a failure."""
    remark: str = ""

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )

    @property
    def gross(self) -> bool:
        """Whether it is missed by so much that noise cannot be the reason."""
        return not self.absolute and (
            (self.at_least is not None and self.measured < self.at_least / GROSSLY)
            or (self.at_most is not None and self.measured > self.at_most * GROSSLY)
        )

    def cells(self) -> tuple[str, str, str, str, str]:
        """As it is printed."""
        promise = ""
        if self.at_least is not None:
            promise = f"≥ {_number(self.at_least)}"
        elif self.at_most is not None:
            promise = f"≤ {_number(self.at_most)}"
        verdict = ("holds" if self.holds else "NOT REACHED") if promise else ""
        return self.what, promise, f"{_number(self.measured)} {self.unit}".strip(), verdict, self.remark


@dataclass
class Table:
    """All lines of one run."""

    lines: list[Line] = field(default_factory=list)
    others: float = 0.0
    """What part of the processors' time other programs took meanwhile."""

    def add(self, what: str, measured: float, unit: str = "", **more: float | str | bool) -> None:
        """Note a measurement. Raises AssertionError when it is grossly off its promise."""
        line = Line(what, measured, unit, **more)  # type: ignore[arg-type]  # passed on by name
        self.lines.append(line)
        assert not line.gross, f"{what}: {line.cells()[2]}, and the promise is {line.cells()[1]}"

    def printed(self) -> list[str]:
        """The table, a string a line."""
        rows = [("what", "promise", "measured", "", ""), *(line.cells() for line in self.lines)]
        wide = [max(len(row[place]) for row in rows) for place in range(4)]
        shown = [
            f"{what:<{wide[0]}}  {promise:>{wide[1]}}  {measured:>{wide[2]}}  {verdict:<{wide[3]}}  {remark}".rstrip()
            for what, promise, measured, verdict, remark in rows
        ]
        missed = sum(not line.holds for line in self.lines)
        closing = "Every promise that was measured holds." if not missed else f"{missed} not reached."
        if self.others > BUSY:
            closing += (
                f" Other programs took {self.others:.0%} of the processors meanwhile: that flatters throughput ratios,"
                " so trust the processor time, and run this again when it is quiet."
            )
        return ["", shown[0], "-" * max(map(len, shown)), *shown[1:], "", closing]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


TABLE = Table()
