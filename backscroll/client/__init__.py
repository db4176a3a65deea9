"""Talk to a Backscroll server: wait for replies, stream them, pick them up again.

    from backscroll.client import Client

    with Client("http://127.0.0.1:8080") as client:
        session = client.session("s1")
        print(session.send("hello").text)

Calls that were not served are made again, every message under an idempotency key of its own; a stream
that breaks goes on where it broke. `AsyncClient` is the same for asyncio. docs/client.md tells all.
"""

from backscroll.client.blocking import Client, Session, Stream
from backscroll.client.client import AsyncClient
from backscroll.client.events import Delta, Ended, Event, Status, Tokens, WholePart
from backscroll.client.parts import Part, file_data, function_response, inline_data, text
from backscroll.client.problems import NotBackscroll, NotEnded, ServerBroke
from backscroll.client.reply import FunctionCall, Reply, ReplyError
from backscroll.client.session import AsyncSession
from backscroll.client.state import Chapter, Context, ListedReply, Message, Restored, SessionState
from backscroll.client.stream import AsyncStream
from backscroll.messages.message import Usage

__all__ = [
    "AsyncClient",
    "AsyncSession",
    "AsyncStream",
    "Chapter",
    "Client",
    "Context",
    "Delta",
    "Ended",
    "Event",
    "FunctionCall",
    "ListedReply",
    "Message",
    "NotBackscroll",
    "NotEnded",
    "Part",
    "Reply",
    "ReplyError",
    "Restored",
    "ServerBroke",
    "Session",
    "SessionState",
    "Status",
    "Stream",
    "Tokens",
    "Usage",
    "WholePart",
    "file_data",
    "function_response",
    "inline_data",
    "text",
]
