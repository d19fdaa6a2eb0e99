"""Which models' answers a file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.interchange.evalscope_outputs import output_files
from palestra.interchange.rows import read_rows
from palestra.models.answers import MODEL_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """One model of a file."""

    label: str
    path: Path
    name_in_file: str | None
    """None: the file holds one model and does not say which."""

    def entry(self) -> dict[str, object]:
        """The model as a config has it."""
        named = {} if self.name_in_file is None else {"name_in_file": self.name_in_file}
        return {"label": self.label, "endpoint_type": "recorded", "path": str(self.path), **named}


def models_in(path: Path) -> list[Held]:
    """The models of an answer file, in the order in which they first appear; of a file that names none, one
    called like the file.

    Raises:
        DataError: the file cannot be read.
    """
    if output_files(path):
        return [Held(path.name, path, None)]
    names: dict[str, None] = {}
    for row in read_rows(path):
        for column in MODEL_COLUMNS:
            if row.data.get(column) is not None:
                names[str(row.data[column])] = None
                break
    if not names:
        return [Held(path.name.split(".")[0], path, None)]
    return [Held(name, path, name) for name in names]
