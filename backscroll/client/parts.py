"""Parts of a message to send, by what they hold. A part is the JSON object that the API takes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

Part = Mapping[str, Any]
Said = str | Sequence[Part]


def text(words: str) -> Part:
    """Words."""
    return {"text": words}


def inline_data(data: bytes, mime_type: str) -> Part:
    """An image, a sound, a document: its bytes and what they are, as in `image/png`."""
    return {"inlineData": {"mimeType": mime_type, "data": b64encode(data).decode("ascii")}}


def file_data(uri: str, mime_type: str | None = None) -> Part:
    """A file that lies where the model can read it."""
    return {"fileData": {"fileUri": uri} | ({"mimeType": mime_type} if mime_type else {})}


def function_response(name: str, response: Mapping[str, Any], call_id: str | None = None) -> Part:
    """What a tool gave back for a call of the model's; `call_id` is the call's, where it had one."""
    found: dict[str, Any] = {"name": name, "response": response}
    return {"functionResponse": found | ({"id": call_id} if call_id is not None else {})}


def message_body(said: Said) -> dict[str, Any]:
    """Give what is said as the body of a message."""
    return {"text": said} if isinstance(said, str) else {"parts": list(said)}
