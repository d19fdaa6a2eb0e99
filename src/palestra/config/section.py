"""What all parts of the config share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
)


class Section(BaseModel):
    """A part of the config. Unknown keys are errors; a loaded config never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)


def as_tuple(value: Any) -> Any:
    """A list as a tuple, as frozen sections hold it."""
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
"""A list of texts; it may be a plain list where types are taken strictly, too."""
