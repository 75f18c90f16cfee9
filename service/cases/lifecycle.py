"""The life of a case as a table: what leads from one stage to the next, and what must be true first."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from service.core.errors import FieldError, Refusal
from service.records.enums import Kind, Resolution, Stage, StepKind, StepState
from service.records.words import STEPS

SETTLED = frozenset({StepState.TAKEN, StepState.WAIVED, StepState.NOT_NEEDED})


class Move(StrEnum):
    """A change of stage."""

    TRIAGE = "triage"
    CLOSE = "close"
    MERGE = "merge"
    REOPEN = "reopen"
    RESTORE = "restore"


@dataclass(frozen=True)
class Standing:
    """What the gates look at."""

    kind: Kind
    steps: tuple[tuple[StepKind, StepState], ...]
    advised: bool
    hr_suggested: bool
    hr_decided: bool
    referred: bool
    hr_returned: bool = False
    resolution: Resolution | None = None
    duplicate_of: str | None = None


Gate = Callable[[Standing], list[FieldError]]


def steps_settled(standing: Standing) -> list[FieldError]:
    """Every planned step is taken, waived or not needed."""
    return [
        FieldError(
            f"steps.{kind}", f"{STEPS[kind]}: this is not done yet. Take it, or say why this step is not needed."
        )
        for kind, state in standing.steps
        if state not in SETTLED
    ]


def advice_recorded(standing: Standing) -> list[FieldError]:
    """A mistake is not closed before the desk has advised (policy, *Dealing with mistakes*), nor a question before it
    is answered, unless whoever asked takes it back.
    """
    if standing.advised or standing.kind is Kind.CONCERN:
        return []
    if standing.kind is Kind.MISTAKE:
        return [FieldError("advice", "Record your advice to the person who reported this.")]
    if standing.resolution is Resolution.WITHDRAWN:
        return []
    return [FieldError("advice", "Answer the question first.")]


def referral_decided(standing: Standing) -> list[FieldError]:
    """Where a referral to HR was suggested, or HR returned one, somebody has decided."""
    if standing.hr_decided or not (standing.hr_suggested or standing.hr_returned):
        return []
    return [FieldError("referral_decision", "Decide whether to refer this to HR, with your reason.")]


def resolution_fits(standing: Standing) -> list[FieldError]:
    """`referred` and a real referral go together; `duplicate` says of which case."""
    faults = []
    if standing.resolution is Resolution.REFERRED and not standing.referred:
        faults.append(FieldError("resolution", "This case was not referred to HR. Choose another resolution."))
    if standing.resolution is Resolution.DUPLICATE and not standing.duplicate_of:
        faults.append(FieldError("duplicate_of", "Say which case this is a duplicate of."))
    return faults


@dataclass(frozen=True)
class To:
    """Where a move leads, and the gates before it."""

    stage: Stage
    needs: tuple[Gate, ...] = ()


MOVES: dict[tuple[Stage, Move], To] = {
    (Stage.REPORTED, Move.TRIAGE): To(Stage.IN_HAND),
    (Stage.IN_HAND, Move.CLOSE): To(
        Stage.CLOSED, needs=(steps_settled, advice_recorded, referral_decided, resolution_fits)
    ),
    (Stage.REPORTED, Move.MERGE): To(Stage.CLOSED),
    (Stage.IN_HAND, Move.MERGE): To(Stage.CLOSED),
    (Stage.CLOSED, Move.REOPEN): To(Stage.IN_HAND),
    # Opened again, what was merged before its triage is where it was.
    (Stage.CLOSED, Move.RESTORE): To(Stage.REPORTED),
}

# A question is answered, and never triaged.
MOVES_OF_ADVICE: dict[tuple[Stage, Move], To] = {
    (Stage.REPORTED, Move.CLOSE): To(Stage.CLOSED, needs=(advice_recorded, resolution_fits)),
    (Stage.REPORTED, Move.MERGE): To(Stage.CLOSED),
    (Stage.CLOSED, Move.RESTORE): To(Stage.REPORTED),
}

_NOT_OPEN = {
    (Stage.IN_HAND, Move.TRIAGE): "This case is already triaged.",
    (Stage.CLOSED, Move.TRIAGE): "This case is closed.",
    (Stage.CLOSED, Move.CLOSE): "This case is already closed.",
    (Stage.CLOSED, Move.MERGE): "This case is already closed.",
    (Stage.REPORTED, Move.REOPEN): "This case is not closed.",
    (Stage.IN_HAND, Move.REOPEN): "This case is not closed.",
    (Stage.REPORTED, Move.RESTORE): "This case is not closed.",
    (Stage.IN_HAND, Move.RESTORE): "This case is not closed.",
}


def unmet(stage: Stage, move: Move, standing: Standing) -> list[FieldError]:
    """Everything that stands in the way of a move that is open at this stage, or will be after triage."""
    moves = moves_of(standing.kind)
    early = (stage, move) == (Stage.REPORTED, Move.CLOSE) and (stage, move) not in moves
    faults = [FieldError("stage", "Triage the case first.")] if early else []
    to = moves.get((stage, move)) or MOVES[(Stage.IN_HAND, Move.CLOSE)]
    return faults + [fault for gate in to.needs for fault in gate(standing)]


def moves_of(kind: Kind) -> dict[tuple[Stage, Move], To]:
    """The moves in the life of a case of this kind."""
    return MOVES_OF_ADVICE if kind is Kind.ADVICE else MOVES


def after(stage: Stage, move: Move, standing: Standing) -> Stage:
    """The stage this move leads to. Raises a Refusal (409) that names each unmet condition, or that it is not open."""
    if (stage, move) in _NOT_OPEN:
        raise Refusal(_NOT_OPEN[stage, move])
    faults = unmet(stage, move, standing)
    if faults:
        raise Refusal("Some things are still to be done before this case can close.", faults)
    if (stage, move) not in moves_of(standing.kind):
        raise Refusal("A request for advice is answered and closed. It takes no other way.")
    return moves_of(standing.kind)[stage, move].stage
