"""`backscroll offline-model`: the offline model in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import sys

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--delay", default=0.0, metavar="SECONDS", help="Pause before each answer.")
@click.option("--summary-delay", default=0.0, metavar="SECONDS", help="Pause before each summary.")
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON.")
def command(host: str, port: int, delay: float, summary_delay: float, as_json: bool) -> None:
    """A local model that speaks Gemini's protocol.

    It answers by quoting the sentences of the conversation that fit the question best, and summarises by
    extracting those that say most: enough to see what a conversation remembers, without a key or a network.

    \b
    Declared functions are called when a message names them:   call get_weather for Bergen
    their arguments come from what stands behind the names:    book seats=2 class=first
    A system instruction is seen to arrive when it says:       Always say Ahoy.
    Of media it says type and SHA-256; thoughts come with includeThoughts, an image with the modality IMAGE.

    What Gemini refuses it refuses too: unknown models and fields, values out of range, function calls without
    their responses or their thought signatures.

    \b
    backscroll offline-model --port 8090
    export GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=offline

    Faults can be ordered, for those requests that `match`, `model` or `target` name:

    \b
    curl -d '{"kind":"429","retry_delay":2,"count":3}' http://127.0.0.1:8090/_faults
    curl -d '{"kind":"delay","seconds":10,"target":"summary","count":0}' http://127.0.0.1:8090/_faults
    curl -d '{"kind":"parts","parts":[{"text":"Hm. "},{"text":"Yes."}]}' http://127.0.0.1:8090/_faults
    curl -X DELETE http://127.0.0.1:8090/_faults
    curl http://127.0.0.1:8090/_requests

    Kinds: delay, slow_stream, 400, 404, 429, 500, 503, cut_stream, end_early, stall, malformed, empty,
    empty_text, blocked, safety, max_tokens, thought_tokens, cached_tokens, text, parts,
    error_200.
    """  # noqa: D301  # click wants the character itself
    import gevent
    from gevent.pywsgi import WSGIServer

    from backscroll.offline.server import create_app

    app = create_app(delay=delay, summary_delay=summary_delay)
    server = WSGIServer((host, port), app, backlog=1024, log=None, error_log=None)
    try:
        server.init_socket()
    except OSError as error:
        said = f"cannot listen on {host}:{port}, which is in use or not ours; choose another --port"
        raise click.ClickException(said) from error
    # Chunks go out as they are written: the kernel would hold each back until the last was acknowledged.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.start()
    url = f"http://{host}:{server.server_port}"
    click.echo(json.dumps({"url": url}) if as_json else f"the offline model listens on {url}")
    sys.stdout.flush()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, server.stop, 1)
    server.serve_forever()
