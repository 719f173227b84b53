"""Other names of makers and models."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from musterroll.domain.units.product_names import NameState
from musterroll.storage.tables.columns import NEVER_REUSED, Audited, row_id, word


class ProductName(Audited, table=True):
    """Lists that write `maker` (and `model`) mean `of_maker` (and `of_model`). Without a model it is a name of the maker."""

    __tablename__ = "product_name"
    __table_args__ = (UniqueConstraint("maker_key", "model_key"), NEVER_REUSED)
    id: int | None = row_id()
    maker: str = Field(max_length=200)
    model: str = Field(default="", max_length=200)
    maker_key: str = Field(max_length=200)
    model_key: str = Field(default="", max_length=200)
    of_maker: str = Field(max_length=200)
    of_model: str = Field(default="", max_length=200)
    state: NameState = word(NameState)
    evidence: str = Field(default="", max_length=300)
