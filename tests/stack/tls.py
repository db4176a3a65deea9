"""TLS in front of a Redis that speaks none: a proxy, and the certificates of both sides."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import quote

import trustme


class Certificates:
    """An authority in `folder`, which issues what servers and clients show; and one that nobody knows."""

    def __init__(self, folder: Path) -> None:
        self.ca, self._stranger = trustme.CA(), trustme.CA()
        self._folder = folder
        self.ca.cert_pem.write_to_path(folder / "ca.pem")
        self._stranger.cert_pem.write_to_path(folder / "stranger.pem")
        client = self.ca.issue_cert("backscroll")
        client.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")

    def options(self, *, ca: str = "ca", client: bool = True) -> str:
        """Give the part of a URL that names the authority and the client's certificate."""
        own = f"&ssl_certfile={quote(str(self._folder))}/client.pem" if client else ""
        return f"ssl_ca_certs={quote(str(self._folder))}/{ca}.pem{own}"


class TlsProxy:
    """Listens on 127.0.0.1 as `names`, wants a client's certificate, and passes all on to a Unix socket.

    `plain` counts who came without TLS.
    """

    def __init__(self, certificates: Certificates, target: str, *names: str) -> None:
        self._target = target
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificates.ca.issue_cert(*names).configure_cert(self._context)
        certificates.ca.configure_trust(self._context)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.plain = self.refused = self.served = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close the door and every connection."""
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        first = raw.recv(1, socket.MSG_PEEK)
        if first != b"\x16":  # no TLS handshake
            self.plain += bool(first)
            raw.close()
            return
        try:
            client = self._context.wrap_socket(raw, server_side=True)
        except OSError:
            self.refused += 1
            raw.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        self.served += 1
        self._open += (client, server)
        with contextlib.suppress(OSError), client, server:
            _pass_on(client, server)


def _pass_on(client: ssl.SSLSocket, server: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                source, sink = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                # What TLS has decrypted already, no selector sees.
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    data += source.recv(source.pending())
                if not data:
                    return
                sink.sendall(data)
