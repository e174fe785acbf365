"""How labels of the last days had turned out at each run."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("accuracy", "log_loss")


def upgrade() -> None:
    """Add the figures of labels."""
    for name in _COLUMNS:
        op.add_column("live_accuracy", sa.Column(name, sa.Double()))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("live_accuracy") as table:
        for name in _COLUMNS:
            table.drop_column(name)
