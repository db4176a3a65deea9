"""The fields of a request, as Gemini's API knows them: what it does not know, it refuses.

Names come in camelCase or in snake_case; behind this file they are camelCase. The values of tools and
schemas are the caller's own, and are not looked into.
"""

from __future__ import annotations

import json
import re
from typing import Any

from backscroll.offline.protocol import Refused


def _any(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split())


# A field's value: None for anything, a dict for an object of those fields, a list for several of them.
_BLOB = _any("mimeType data displayName")
_FILE = _any("mimeType fileUri displayName")
_CALL = _any("id name args partialArgs willContinue")
_RESPONSE_PART = _any("mediaProcessing mediaResolution videoMetadata documentMetadata") | {
    "inlineData": _BLOB,
    "fileData": _FILE,
}
_RESPONSE = _any("id name response willContinue scheduling") | {"parts": [_RESPONSE_PART]}
_PART = _any(
    "text thought thoughtSignature executableCode codeExecutionResult toolCall toolResponse videoMetadata"
    " mediaResolution partMetadata audioTranscription mediaProcessing speechMetadata documentMetadata"
    " spreadsheetMetadata audioMetadata"
) | {"inlineData": _BLOB, "fileData": _FILE, "functionCall": _CALL, "functionResponse": _RESPONSE}
_CONTENT = {"role": None, "parts": [_PART]}
_CONFIG = _any(
    "temperature topP topK candidateCount maxOutputTokens stopSequences seed presencePenalty"
    " frequencyPenalty responseMimeType responseSchema responseJsonSchema responseFormat"
    " responseModalities responseLogprobs logprobs mediaResolution speechConfig imageConfig"
    " audioTranscriptionConfig translationConfig enableEnhancedCivicAnswers enableAffectiveDialog"
) | {"thinkingConfig": _any("includeThoughts thinkingBudget thinkingLevel")}
_FUNCTION = _any("name description parameters parametersJsonSchema response responseJsonSchema behavior")
_TOOL = _any(
    "googleSearch googleSearchRetrieval codeExecution urlContext googleMaps fileSearch computerUse mcpServers"
) | {"functionDeclarations": [_FUNCTION]}
_TOOL_CONFIG = _any("retrievalConfig includeServerSideToolInvocations") | {
    "functionCallingConfig": _any("mode allowedFunctionNames streamFunctionCallArguments")
}
_REQUEST = _any("model cachedContent serviceTier store labels continuationToken") | {
    "contents": [_CONTENT],
    "systemInstruction": _CONTENT,
    "generationConfig": _CONFIG,
    "safetySettings": [_any("category threshold")],
    "tools": [_TOOL],
    "toolConfig": _TOOL_CONFIG,
}


def read(body: Any) -> dict[str, Any]:
    """Give a request with its names in camelCase, and without those fields that are null.

    Raises:
        Refused: when it has a field that there is not, or something else where an object must stand.
    """
    if not isinstance(body, dict):
        raise Refused("Invalid JSON payload received. The body is not an object.")
    found: dict[str, Any] = _read(body, _REQUEST, "")
    return found


def _read(value: Any, kind: Any, path: str) -> Any:
    if kind is None:
        return value
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise invalid(path, value)
        return [_read(each, kind[0], f"{path}[{index}]") for index, each in enumerate(value)]
    if not isinstance(value, dict):
        raise invalid(path, value)
    found: dict[str, Any] = {}
    for name, inner in value.items():
        known = _camel(name)
        if known not in kind:
            where = f" at '{path}'" if path else ""
            raise Refused(f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')
        if inner is not None:
            found[known] = _read(inner, kind[known], f"{path}.{_snake(known)}".removeprefix("."))
    return found


def invalid(path: str, value: Any) -> Refused:
    """Give the refusal of a value that cannot stand at `path`."""
    shown = json.dumps(value, ensure_ascii=False)
    return Refused(f"Invalid value at '{path}', {shown if len(shown) <= 100 else shown[:100] + '…'}")


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)
