"""Other names of products: one row is a maker, or a maker's model, as lists write it, and the product that is meant."""

from typing import Any

from musterroll.domain.units.product_names import NameState
from musterroll.domain.units.serials import name_key
from musterroll.readers import cells
from musterroll.readers.cells import BadCell
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import one_of

_STATES = {
    NameState.PROPOSED: "open pending",
    NameState.CONFIRMED: "accepted yes same",
    NameState.REJECTED: "no other different",
}


def _complete(values: dict[str, Any]) -> None:
    values.setdefault("model", "")
    values["maker_key"], values["model_key"] = name_key(values["maker"]), name_key(values["model"])
    if "of_maker" in values and bool(values["model"]) != bool(values.get("of_model")):
        raise BadCell("fill in both the Model and the Registered Model, or neither: then it is a name of the manufacturer")
    values["shown"] = f"{values['maker']} {values['model']}".strip()


KIND = DocumentKind(
    "product-names",
    "other names of manufacturers and models",
    (
        Field("maker", "Manufacturer", "manufacturer maker alias name vendor brand", cells.text(200), required=True),
        Field("model", "Model", "model modelname", cells.text(200)),
        Field("of_maker", "Registered Manufacturer", "registeredmanufacturer registeredmaker means", cells.text(200), required=True),
        Field("of_model", "Registered Model", "registeredmodel ofmodel", cells.text(200)),
        Field("state", "State", "state status decision", one_of(_STATES, "Confirmed, Proposed or Rejected")),
    ),
    key=("maker_key", "model_key"),
    shown=("shown",),
    named_by=("maker", "model"),
    complete=_complete,
)
