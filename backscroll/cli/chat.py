"""`backscroll chat`: a conversation in the terminal, on the stream of each reply."""

from __future__ import annotations

import sys

import click

from backscroll.cli.base_url import api_key, base_url, unreachable

_INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("session")
@click.argument("text", required=False)
@click.option("--model", metavar="NAME", help="Who is to answer, instead of the session's model.")
@click.option(
    "--system",
    metavar="TEXT",
    help="Set the session's system instruction, for this and all later turns; other settings stay.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each ended reply as one JSON object.")
@base_url
@api_key
def command(
    session: str,
    text: str | None,
    model: str | None,
    system: str | None,
    as_json: bool,
    base_url: str,
    api_key: str | None,
) -> None:
    """Talk in SESSION, which begins with its first message and is there again tomorrow.

    Without TEXT, a prompt asks for one message after the other, and each answer is shown as it comes.
    Ctrl-C during an answer cancels it, Ctrl-D leaves; a reply that was still in work when the last chat
    was closed is shown first. With TEXT, or with a message on standard input, one answer is printed.

    \b
    make run                                          in another terminal
    backscroll chat trip                              talk
    backscroll chat trip "And on the second day?"     one message
    backscroll chat trip < notes.txt                  one message from a file
    backscroll chat trip hello --json | jq .usage
    backscroll chat trip --system "Answer in Norwegian."

    The answer goes to standard output, all else to standard error. To what is no terminal an answer goes
    in one piece at its end, so that nothing has to be taken back. The exit code is 1 when there is none.
    """  # noqa: D301  (click looks for the character itself)
    from backscroll.cli import chat_loop
    from backscroll.cli.chat_answer import Screen, one
    from backscroll.client import Client
    from backscroll.errors import BackscrollError

    try:
        said = text if text is not None else None if sys.stdin.isatty() else _read()
        if said is not None and not said.strip():
            raise click.ClickException("there is nothing to say: the message is empty")
        with Client(base_url, api_key=api_key) as client:
            conversation = client.session(session)
            client.ping()
            if system is not None:
                chat_loop.instruct(conversation, system)
            screen = Screen(as_json)
            if said is None:
                chat_loop.talk(conversation, model, screen)
                return
            reply = one(conversation, conversation.stream(said, model=model, timeout=None), screen)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BackscrollError as error:
        raise click.ClickException(
            unreachable(error.message) if error.code == "unreachable" else error.message
        ) from None
    if screen.interrupted:
        sys.exit(_INTERRUPTED)
    sys.exit(0 if reply.kept else 1)


def _read() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise click.ClickException(f"what stands on standard input is no text in UTF-8: {error}") from None
