from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _storable(value: Any) -> Any:
    if isinstance(value, str) and ("\0" in value or not value.isprintable()):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


Words = Annotated[str, BeforeValidator(_storable)]
"""Text from a model or a file. What no database or UTF-8 file can hold (NUL, lone surrogates) becomes
U+FFFD."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number in [0, 1]."""

Count = Annotated[int, Field(ge=0)]
"""A whole number, not negative."""


class Record(BaseModel):
    """A frozen row. Unknown fields are ignored, so that old and newer files load."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    def json_line(self) -> str:
        """The row as one line of JSON without a line break; fields in their declared order."""
        return self.model_dump_json()


R = TypeVar("R", bound=Record)


def updated(record: R, values: Mapping[str, Any]) -> R:
    """The record with these values; itself if it has them all. The values are not validated."""
    if all(getattr(record, name) == value for name, value in values.items()):
        return record
    return record.model_copy(update=values)
