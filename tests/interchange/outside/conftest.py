"""What the tests of outside formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.interchange.outside.case import Case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)
