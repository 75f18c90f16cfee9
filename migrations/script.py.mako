"""${message}.

Say why here: what people could not do before, and what this makes possible.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say in a sentence what is added."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Say in a sentence what is taken away, and what of it is lost."""
    ${downgrades if downgrades else "pass"}
