"""The description and the routes are the same, seen from both sides."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from flask import Flask

from backscroll.settings import Settings, WebSettings
from web.app import create_app
from web.openapi.codes import CODES, OF_ALL
from web.openapi.document import document
from web.openapi.operations import resources
from web.openapi.schemas import schemas
from web.openapi.table import Operation
from web.parts import FileData

DOCUMENT = document(WebSettings())
OPERATIONS = [each for resource in resources(WebSettings()) for each in resource.operations]


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(Settings())


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]})


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, each in DOCUMENT["paths"].items() for method in each}


def test_what_a_path_holds_is_described() -> None:
    for operation in OPERATIONS:
        named = {each.name for each in operation.parameters if each.where == "path"}
        assert named == set(re.findall(r"{(\w+)}", operation.path)), operation.id


def test_every_schema_is_one_and_leads_to_others_that_are_there() -> None:
    for name, schema in schemas(WebSettings()).items():
        jsonschema_rs.meta.validate(schema)
        validator({"$ref": f"#/components/schemas/{name}"})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_examples_are_of_their_schemas(operation: Operation) -> None:
    if operation.body:
        of_body = validator({"$ref": f"#/components/schemas/{operation.body.schema}"})
        for example in operation.body.examples.values():
            of_body.validate(example)
    for answer in operation.answers:
        if answer.example is not None and answer.content == "application/json":
            validator(answer.schema).validate(answer.example)


def test_each_code_can_come_from_somewhere() -> None:
    used = {code for operation in OPERATIONS for code in operation.problems}
    # A method that is not described is refused where it is asked for.
    assert used | {*OF_ALL, "method_not_allowed"} == set(CODES)


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        ({"text": "hello"}, True),
        ({"text": "hello", "parts": None}, True),
        ({"text": " \n"}, False),
        ({"text": "hello", "parts": [{"text": "hello"}]}, False),
        ({"parts": [{"text": " "}]}, False),
        ({"parts": [{"text": " "}, {"fileData": {"fileUri": "gs://a/b"}}]}, True),
        ({"parts": [{"type": "text", "inlineData": {"mimeType": "image/png", "data": "QUJD"}}]}, False),
        ({"parts": [{"inlineData": {"mimeType": "image/png", "data": "QUJ"}}]}, True),
        ({"parts": [{"inlineData": {"mimeType": "image/png", "data": "QUJDR"}}]}, False),
        ({"parts": [{"inlineData": {"mimeType": "png", "data": "QUJD"}}]}, False),
        ({"text": "hello", "colour": "red"}, False),
    ],
)
def test_the_described_message_is_the_one_that_is_read(body: dict[str, Any], accepted: bool) -> None:
    assert validator({"$ref": "#/components/schemas/MessageBody"}).is_valid(body) is accepted


def test_what_is_blank_is_so_to_both() -> None:
    of_body = validator({"$ref": "#/components/schemas/MessageBody"})
    for character in map(chr, (*range(0xD800), *range(0xE000, 0x10000))):
        assert of_body.is_valid({"text": character}) is bool(character.strip()), hex(ord(character))


def test_a_described_uri_is_one_that_is_read() -> None:
    of_file = validator({"$ref": "#/components/schemas/FileData"})
    for character in map(chr, range(0x3100)):
        posted = {"fileUri": f"gs://a{character}b"}
        try:
            msgspec.convert(posted, FileData)
        except msgspec.ValidationError:
            assert not of_file.is_valid(posted), hex(ord(character))
        else:
            assert of_file.is_valid(posted), hex(ord(character))


def test_the_limits_are_those_of_the_deployment() -> None:
    body = document(WebSettings(message_bytes=1234))["components"]["schemas"]["MessageBody"]
    assert "1,234 bytes" in body["description"]
