"""Parts as they come over the wire: of each kind one at least, by the name under which it is stored."""

from __future__ import annotations

from typing import Any

SIGNED = {"thoughtSignature": "_v79-w=="}
IMAGE = {"data": "iVBORw0KGgo_-w==", "mimeType": "image/png"}
VIDEO = {"fileUri": "https://example.org/v1/files/abc", "mimeType": "video/mp4"}

PARTS: list[tuple[str, dict[str, Any]]] = [
    ("text", {"text": "It costs 42,50 €. 上海 🛳"}),
    ("text", {"text": "one\u2028two\u2029three\u0085four"}),
    ("text", {"text": ""}),
    ("text", {"text": "They ask for a price.", "thought": True}),
    ("text", {"text": "It costs 42,50 €.", **SIGNED}),
    ("text", {"text": "", **SIGNED}),
    ("text", {"text": "", "thought": True, **SIGNED}),
    ("text", {"text": "a", "partMetadata": {"some_key": [1, {"x": None}]}}),
    ("text", {"text": "spoken", "speechMetadata": {"speaker": "Ann", "style": "calm"}}),
    ("inline_data", {"inlineData": IMAGE}),
    ("inline_data", {"inlineData": IMAGE, **SIGNED}),
    ("inline_data", {"inlineData": IMAGE, "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"}}),
    ("inline_data", {"inlineData": {**IMAGE, "displayName": "a.png"}, "thought": True}),
    ("file_data", {"fileData": {"fileUri": "gs://bucket/a.pdf", "mimeType": "application/pdf"}}),
    ("file_data", {"fileData": VIDEO, "videoMetadata": {"startOffset": "3s", "endOffset": "9s", "fps": 2.5}}),
    ("file_data", {"fileData": VIDEO, "documentMetadata": {"startPage": 2, "endPage": 5}}),
    ("function_call", {"functionCall": {"id": "c1", "name": "book", "args": {"seat_no": 2, "price": 4.5}}}),
    ("function_call", {"functionCall": {"name": "book", "args": {"to": "上海", "via": None}}, **SIGNED}),
    ("function_call", {"functionCall": {"name": "now"}, "thought": True}),
    ("function_call", {"functionCall": {"name": "now", "willContinue": True}}),
    ("function_response", {"functionResponse": {"id": "c1", "name": "book", "response": {"a_b": [1, "x"]}}}),
    (
        "function_response",
        {
            "functionResponse": {
                "name": "look",
                "response": {"found": {"inner_key": {"deeper_key": [None, True]}}},
                "parts": [{"inlineData": IMAGE}, {"fileData": VIDEO}],
                "scheduling": "WHEN_IDLE",
                "willContinue": False,
            }
        },
    ),
    ("executable_code", {"executableCode": {"code": "print(1)", "language": "PYTHON", "id": "x1"}, **SIGNED}),
    (
        "code_execution_result",
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n", "id": "x1"}},
    ),
    (
        "tool_call",
        {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"q_s": ["a"]}}, **SIGNED},
    ),
    ("tool_response", {"toolResponse": {"id": "t1", "response": {"hits": []}}}),
    ("audio_transcription", {"audioTranscription": {"text": "Hello.", "words": [{"word": "Hello."}]}}),
]
IDS = [f"{number}-{kind}" for number, (kind, _) in enumerate(PARTS)]
