"""Papers that are being made for somebody who waits: what every process of the service may say of them."""

from datetime import datetime

from sqlmodel import Field

from service.records.columns import Table


class PaperBeingMade(Table, table=True):
    """A paper by the key it is to be kept under: `done` of `total` parts of it, and when that was last told.

    It goes when the paper is kept. One that `failed` stays, until it is asked for again.
    """

    __tablename__ = "paper_being_made"
    key: str = Field(primary_key=True, max_length=200)
    done: int = 0
    total: int = 1
    failed: bool = False
    told_at: datetime
