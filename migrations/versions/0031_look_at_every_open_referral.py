"""Look at every open referral once.

Something is due at every stage of a referral now. Those that were kept before know of nothing that is due at theirs:
the worker looks at each once, keeps what is due next, and says of what was late long ago that it is.
"""

from alembic import op

revision = "0031"
down_revision = "0030"

NEW = "('appointment', 'fact_finding', 'invitation', 'decision', 'appeal', 'appeal_decision', 'close')"


def upgrade() -> None:
    """Let the worker have something to do in each that has not ended; what is paused is looked at when it goes on."""
    op.execute(
        "UPDATE referral SET ripe_at = received_at "
        "WHERE stage NOT IN ('closed', 'returned') AND paused_at IS NULL AND disposed_at IS NULL"
    )


def downgrade() -> None:
    """Forget what was not due before, and let the worker look again. The timeline keeps what has rung."""
    op.execute(
        "UPDATE referral SET next_due_at = NULL, next_due_what = NULL, ripe_at = received_at "
        f"WHERE next_due_what IN {NEW}"
    )
