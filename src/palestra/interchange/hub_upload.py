"""Uploading files to a dataset on the Hugging Face hub, in one commit."""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.errors import EndpointError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from huggingface_hub.errors import HfHubHTTPError

    from palestra.interchange.hub_files import HubFile

HUB = "https://huggingface.co"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Target:
    """A dataset on a hub."""

    repo_id: str
    """`user/name`."""
    endpoint: str = HUB

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.endpoint}/datasets/{self.repo_id}"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What came of an upload."""

    commit: str
    """Its hash."""
    changed: bool
    """False if everything was there already."""
    private: bool


def parse_target(text: str, endpoint: str) -> Target:
    """The dataset that `user/name` names at `endpoint`.

    Raises:
        UsageError: it is no such name, or no address.
    """
    user, _, name = text.partition("/")
    if not (_NAME.fullmatch(user) and _NAME.fullmatch(name)) or ".." in text or "--" in text:
        raise UsageError(
            f"{text!r} is no dataset on the hub",
            hint="expected user/name of letters, digits, '.', '_' and '-', as in ann/my-arena",
        )
    if not re.fullmatch(r"https?://[^\s/@]+(/[^\s@]*)?", endpoint):
        raise UsageError(f"{endpoint!r} is not an address such as {HUB}")
    return Target(text, endpoint.rstrip("/"))


def find_token(variable: str, value: str | None) -> str:
    """The token in `variable`, else the one that `hf auth login` keeps.

    Raises:
        EndpointError: there is none.
    """
    from huggingface_hub import get_token

    found = (value or "").strip() or get_token()
    if not found:
        raise EndpointError(
            f"no token for the hub: {variable} is not set",
            hint=f"make one that may write at {HUB}/settings/tokens, and set {variable} in the environment "
            "or a .env file, or run `hf auth login`",
        )
    return found


def upload(
    files: Sequence[HubFile], card: bytes | None, target: Target, token: str, *, private: bool, message: str
) -> Uploaded:
    """Make the dataset if it is not there, and send what has changed; `card` becomes its README.md.

    A dataset that is there stays as private or public as it is. What a broken-off upload has sent is not
    sent again.

    Raises:
        EndpointError: the hub refuses or cannot be reached. What it says is passed on, without the token.
    """
    import httpx2
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    api = HfApi(endpoint=target.endpoint, token=token, library_name="palestra")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api.whoami()
            api.create_repo(target.repo_id, repo_type="dataset", private=private, exist_ok=True)
            before = api.repo_info(target.repo_id, repo_type="dataset")
            operations = [CommitOperationAdd(file.name, str(file.path)) for file in files]
            operations += [] if card is None else [CommitOperationAdd("README.md", card)]
            done = api.create_commit(target.repo_id, operations, commit_message=message, repo_type="dataset")
    except HfHubHTTPError as error:
        raise _refused(error, target, token) from None
    except (httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
        if isinstance(error.__cause__, HfHubHTTPError):
            raise _refused(error.__cause__, target, token) from None
        said = _clean(str(error) or type(error).__name__, token)
        raise EndpointError(
            f"the upload to {target.url} broke off: {said}",
            hint="what was sent is kept: push again and it goes on",
        ) from None
    return Uploaded(done.oid, done.oid != before.sha, bool(before.private))


def _refused(error: HfHubHTTPError, target: Target, token: str) -> EndpointError:
    status = error.response.status_code
    said = _clean(error.server_message or "", token)
    what, hint = {
        401: ("the hub does not know the token", "make another one that may write, at its settings/tokens"),
        403: (
            f"the token may not write to {target.repo_id}",
            "is it yours or your organisation's, and may the token write?",
        ),
        404: (f"there is nothing called {target.repo_id}, or the token may not see it", "is the name right?"),
        409: (
            f"{target.repo_id} is being changed by somebody else",
            "what was sent is kept: push again and it goes on",
        ),
        429: ("the hub asks to slow down", "wait some minutes and push again; it goes on"),
    }.get(status, ("the hub refused", "what was sent is kept: push again and it goes on"))
    return EndpointError(f"{target.endpoint}: {what} ({status}{f': {said}' if said else ''})", hint=hint)


def _clean(text: str, token: str) -> str:
    return " ".join(text.replace(token, "***").split())
