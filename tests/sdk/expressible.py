"""Any part that the installed SDK can express, drawn from its own types."""

from __future__ import annotations

import enum
from base64 import urlsafe_b64encode
from typing import Any, Literal, get_args, get_origin

from google.genai import types
from hypothesis import strategies as st
from pydantic import BaseModel

# What is said beside a part's data; everything else is data, of which a part has one kind.
_ABOUT = {"thought", "thought_signature", "media_resolution", "media_processing", "part_metadata"}

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_plain: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    bool: st.booleans(),
    int: st.integers(-(2**31), 2**31),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bytes: st.binary(max_size=20).map(lambda data: urlsafe_b64encode(data).decode()),
    Any: _json,
}


def parts() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a part as it comes over the wire."""
    fields = types.Part.model_fields
    data = [name for name in fields if name not in _ABOUT and not name.endswith("_metadata")]
    about = {fields[n].alias: _value(fields[n].annotation) for n in fields if n not in data}
    # A false `thought` is none: the API leaves it out.
    about["thought"] = st.just(True)
    return st.sampled_from(data).flatmap(
        lambda name: st.fixed_dictionaries(
            {fields[name].alias: _value(fields[name].annotation)}, optional=about
        )
    )


def _value(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in _plain:
        return _plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.fixed_dictionaries({}, optional=_optional(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return st.sampled_from([member.value for member in annotation])
    inner = [each for each in get_args(annotation) if each is not type(None)]
    origin = get_origin(annotation)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is list:
        return st.lists(_value(inner[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), _value(inner[1]), max_size=3)
    return st.one_of(*map(_value, inner))


def _optional(shape: type[BaseModel]) -> dict[str, st.SearchStrategy[Any]]:
    shape.model_rebuild()
    return {str(field.alias): _value(field.annotation) for field in shape.model_fields.values()}
