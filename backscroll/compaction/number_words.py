"""Numbers, months and parts of an hour that were said in words; the library is loaded when needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

# Larger numbers are said in words of many forms, and seldom.
_LARGEST = 1000

# What counts things without being a number of its language.
_ALSO = {
    2: "twice|both|pair|couple|beide|zweimal|deux fois|двое|обоих|оба|обе|两|兩|둘|두",
    3: "thrice|трое|троих|dreimal|세",
    4: "четверо|네",
    5: "пятеро",
    10: "десяток",
    12: "dozen|dutzend|douzaine|docena|dozzina|dúzia|дюжин",
}
_CASES = ("n", "g", "d", "a", "i", "p")
_WIDE_NUMERALS = "〇零一二三四五六七八九十百千万"

_HALF = re.compile(r"\b(half|halb|halv|hal[fv]|demie?|media|mezza|meia|wpół|полов|пол)|半|نصف|반")
_QUARTER = re.compile(r"\b(quarter|viertel|kwart|quart|cuarto|quarto|kvart|четверт)|刻|ربع")

_MONTHS = (
    "jan|ene|gen|sty|янв|يناير",
    "f[eé][bv]|lut|фев|فبراير",
    "mar|mär|mrt|maa|март|مارس",
    "apr|avr|abr|kwi|апр|أبريل|ابريل",
    "ma[iyjg]|май|мая|مايو",
    "jun|juin|jui|giu|cze|июн|يونيو",
    "jul|juil|lug|lip|июл|يوليو",
    "aug|ao[uû]|ago|sie|авг|أغسطس|اغسطس",
    "se[pt]|wrz|сен|سبتمبر",
    "o[ck]t|out|ott|paź|окт|أكتوبر|اكتوبر",
    "nov|lis|ноя|نوفمبر",
    "de[cksz]|d[eé]c|dic|gru|дек|ديسمبر",
)


def half_said(text: str) -> bool:
    """Tell whether lower-case `text` speaks of halves: half past two is 2:30, and halb drei too."""
    return bool(_HALF.search(text))


def quarter_said(text: str) -> bool:
    """Tell whether lower-case `text` speaks of quarters, as in a quarter to three."""
    return bool(_QUARTER.search(text))


def month_said(number: int, text: str) -> bool:
    """Tell whether lower-case `text` names the month of that number."""
    return 1 <= number <= 12 and re.search(rf"\b({_MONTHS[number - 1]})", text) is not None


def spelled(number: int, text: str, codes: Collection[str]) -> bool:
    """Tell whether a number stands in words.

    Args:
        number: it.
        text: where, in lower case, with single spaces for whatever stands between two words.
        codes: the languages (ISO 639-1) to look for; English is always one.
    """
    if number == 1:
        return True  # every article says so
    if number > _LARGEST:
        return False
    if re.search(
        rf"\b({_ALSO[number]})|[两兩]" if number == 2 else rf"\b({_ALSO.get(number, '(?!)')})", text
    ):
        return True
    return any(_stands(form, text) for form in _forms(number, {*codes, "en"}))


def spaced(text: str) -> str:
    """Put a single space wherever words are set apart, also by a hyphen."""
    return re.sub(r"[\s-]+", " ", text)


def _stands(form: str, text: str) -> bool:
    if form[0] in _WIDE_NUMERALS:
        around = f"[{_WIDE_NUMERALS}]"
        return re.search(f"(?<!{around}){form}(?!{around})", text) is not None
    # Long words are told apart from others also with an ending of their language.
    ending = r"\w{0,2}" if len(form) > 5 else ""
    return re.search(rf"(?<!\w){re.escape(form)}{ending}(?!\w)", text) is not None


def _forms(number: int, codes: Collection[str]) -> Iterator[str]:
    from num2words import CONVERTER_CLASSES, num2words

    for code in codes:
        # Japanese and Chinese write numbers by the same signs.
        language = {"zh": "ja", "nb": "no", "nn": "no"}.get(code, code)
        if language not in CONVERTER_CLASSES:
            continue
        cases = [{"case": case} for case in _CASES] if language == "ru" else [{}]
        for options in cases:
            for kind in ("cardinal", "ordinal"):
                try:
                    yield spaced(num2words(number, lang=language, to=kind, **options).lower())
                except (RuntimeError, TypeError, LookupError, ValueError):
                    continue  # a form that this language does not have
