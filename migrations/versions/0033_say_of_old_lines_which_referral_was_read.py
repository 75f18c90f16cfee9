"""Say of old lines which referral was read.

Lines of the read log name their referral since 0028. Those from before name it by its reference, or by the number of a
file of its room, and outlast it: that whom it is about opened such a file could be read once all else was gone. They
name it now, where it can be told.
"""

from alembic import op

revision = "0033"
down_revision = "0032"

BY_REFERENCE = "SELECT id FROM referral WHERE reference = read_entry.detail AND case_id = read_entry.case_id"
BY_FILE = (
    "SELECT referral.id FROM evidence JOIN referral ON referral.id = evidence.referral_id "
    "WHERE evidence.id = read_entry.detail AND referral.case_id = read_entry.case_id"
)


def upgrade() -> None:
    """Name it. The log refuses every change: it is let do this one."""
    embedded = op.get_bind().dialect.name == "sqlite"
    if embedded:
        op.execute("DROP TRIGGER read_entry_refuses_update")
    else:
        op.execute("ALTER TABLE read_entry DISABLE TRIGGER read_entry_is_kept")
    for found in (BY_REFERENCE, BY_FILE):
        op.execute(f"UPDATE read_entry SET referral_id = ({found}) WHERE referral_id IS NULL AND EXISTS ({found})")
    if embedded:
        op.execute(
            "CREATE TRIGGER read_entry_refuses_update BEFORE UPDATE ON read_entry "
            "BEGIN SELECT RAISE(ABORT, 'read_entry is append-only'); END"
        )
    else:
        op.execute("ALTER TABLE read_entry ENABLE TRIGGER read_entry_is_kept")


def downgrade() -> None:
    """Leave them: what a line says of its referral is true before this as well."""
