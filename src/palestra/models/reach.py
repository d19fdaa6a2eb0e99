"""Whether a model answers at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from palestra.models.remote import RemoteModel
from palestra.records.response import Response

if TYPE_CHECKING:
    from palestra.models.base import Model


async def reach(model: Model) -> Response:
    """Ask for at most 16 tokens, once, and close nothing. A model that needs no call is there.

    The response has a `failure` if the server did not answer; its text does not matter.
    """
    if isinstance(model, RemoteModel):
        return await model.probe()
    return Response(key="", question_id="check", model=model.label, text="", tstamp=time.time())
