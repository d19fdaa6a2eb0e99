from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
