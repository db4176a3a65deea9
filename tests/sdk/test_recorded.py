"""What one version of the SDK wrote, all others take; and they all ask for the same thing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pydantic
import pytest
from google import genai
from google.genai import types

from backscroll.messages.codec import decode_parts
from backscroll.model.gemini_parts import sent
from tests.sdk import record

VERSIONS = sorted(path.name for path in record.FIXTURES.iterdir() if path.name != "streams")


def recorded(version: str, name: str) -> Any:
    return json.loads((record.FIXTURES / version / f"{name}.json").read_text(encoding="utf-8"))


WRITTEN = [(version, entry) for version in VERSIONS for entry in recorded(version, "parts")]


def is_known(dump: dict[str, Any]) -> bool:
    """Tell whether the installed version knows all that another one wrote."""
    try:
        types.Part.model_validate(dump)
    except pydantic.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("version", "entry"), WRITTEN)
def test_a_part_that_another_version_wrote_goes_back_as_it_came(version: str, entry: dict[str, Any]) -> None:
    (part,) = decode_parts(msgspec.json.encode([entry["stored"]]))
    back = sent(part, types.Part)
    types.Part.model_validate(back)
    if is_known(entry["dump"]):
        assert back == entry["dump"]
    else:
        assert back == {name: value for name, value in entry["dump"].items() if name in back}
        assert back.keys() >= entry["dump"].keys() & {"text", "fileData", "thoughtSignature"}


def test_each_of_them_was_written_by_the_version_that_it_says() -> None:
    if genai.__version__ not in VERSIONS:
        pytest.skip(f"nothing is recorded of google-genai {genai.__version__}")
    assert record.parts() == recorded(genai.__version__, "parts")


def test_every_version_sends_the_same() -> None:
    asked = record.request()
    assert asked.path in {recorded(version, "request")["path"] for version in VERSIONS}
    for version in VERSIONS:
        assert asked.body == recorded(version, "request")["body"]
    if genai.__version__ in VERSIONS:
        assert asked.path == recorded(genai.__version__, "request")["path"]
