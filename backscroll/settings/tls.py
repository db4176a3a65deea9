"""The TLS options that a URL of Redis may have: checked, and written out in full.

What is left out is verified: certificate and host name.
"""

from __future__ import annotations

import logging
from pathlib import Path

from backscroll.errors import InvalidSetting

log = logging.getLogger(__name__)

_REQUIREMENTS = {
    "required": "required",
    "cert_required": "required",
    "optional": "required",  # a client has no less: OpenSSL takes the two for the same
    "cert_optional": "required",
    "none": "none",
    "cert_none": "none",
}
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "1", "t", "y"), "true"),
    **dict.fromkeys(("false", "no", "0", "f", "n"), "false"),
}
_PEM = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_FILES = (*_PEM, "ssl_password")
OPTIONS = ("ssl_cert_reqs", "ssl_check_hostname", *_FILES)


def checked(name: str, given: dict[str, str]) -> dict[str, str]:
    """Check the TLS options of a URL, and write out what they leave to defaults.

    Args:
        name: the variable that the URL comes from.
        given: those of `OPTIONS` that it has.

    Raises:
        InvalidSetting: when they cannot be used.
    """
    required = _REQUIREMENTS.get(given.get("ssl_cert_reqs", "required").lower())
    if required is None:
        raise InvalidSetting(name, "ssl_cert_reqs is one of required, none")
    named = _BOOLEANS.get(given.get("ssl_check_hostname", "true").lower())
    if named is None:
        raise InvalidSetting(name, "ssl_check_hostname is one of true, false")
    files = {option: given[option] for option in _FILES if option in given}
    _check_files(name, files)
    if required == "none":
        log.warning("%s has ssl_cert_reqs=none: nobody's certificate is verified", name)
    elif named == "false":
        log.warning("%s has ssl_check_hostname=false: any host's certificate is taken", name)
    return {"ssl_cert_reqs": required, "ssl_check_hostname": named, **files}


def _check_files(name: str, files: dict[str, str]) -> None:
    """Refuse files that are not there, or not what they should be.

    Read as text: who reads settings must not load `ssl`, which gevent patches before anybody else has it.
    """
    if "ssl_keyfile" in files and "ssl_certfile" not in files:
        raise InvalidSetting(name, "has ssl_keyfile without ssl_certfile")
    held = {option: _pem(name, option, files[option]) for option in _PEM if option in files}
    for option in held.keys() & {"ssl_ca_certs", "ssl_certfile"}:
        if "-----BEGIN CERTIFICATE-----" not in held[option]:
            raise InvalidSetting(name, f"{option} cannot be used: it holds no certificate in PEM")
    key = held.get("ssl_keyfile", held.get("ssl_certfile", ""))
    if "ssl_certfile" in held and "PRIVATE KEY-----" not in key:
        raise InvalidSetting(name, "ssl_keyfile cannot be used: it holds no key in PEM")
    if "ENCRYPTED" in key and not files.get("ssl_password"):
        # OpenSSL would ask for its password at the terminal, and wait.
        raise InvalidSetting(
            name, "ssl_keyfile cannot be used: it is encrypted, and there is no ssl_password"
        )


def _pem(name: str, option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InvalidSetting(name, f"{option} cannot be used: {error.strerror}") from None
