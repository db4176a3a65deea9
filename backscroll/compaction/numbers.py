"""The numbers that a summary states against those that were said.

Written otherwise is not said otherwise: `1,250.00` is 1250, `18:30` is 6:30 pm, `2019-03-09` is
March 9th, 2 is two. Where a form has several readings (`1.250`), each of them counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property

from backscroll.compaction.language import languages
from backscroll.compaction.number_words import half_said, month_said, quarter_said, spaced, spelled
from backscroll.compaction.source import Source

# A digit of any script, but no superscript: m² states no 2.
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_SIGNS = str.maketrans("：．，／－–‐‑\u00a0\u202f\u2009’", ":.,/----   '")

_TOKEN = re.compile(r"(?<!\d)\d+(?:[.,:/'-]\d+| \d{3}(?![\d.,:/'-]?\d))*")
_LIST_NUMBER = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]", re.MULTILINE)
_HALF_DAY = re.compile(r"\s?([ap])\.?\s?m\b\.?", re.IGNORECASE)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}) ?(?:h|uhr|ч|時|时|点|點|시)(?: ?(\d{2})(?!\d))?", re.IGNORECASE)
_SCALE = re.compile(
    r"[ -]?(?:(?P<thousand>k\b|thousand|tausend|tsd|mil\b|mille\b|тыс|千)|(?P<myriad>万|萬|만)"
    r"|(?P<million>million|millón|mio\b|mln|млн|миллион)|(?P<lakh>亿|億|억)|(?P<milliard>bn\b|billion|milliard|mrd|млрд))",
    re.IGNORECASE,
)
_SCALES = {"thousand": 10**3, "myriad": 10**4, "million": 10**6, "lakh": 10**8, "milliard": 10**9}

_NOON, _DAY = 12 * 60, 24 * 60
# Seven digits and more with signs between them, or none: telephone numbers, cards, bookings.
_LONG = re.compile(r"\d(?:[ ()./-]{0,2}\d){6,}")
_BETWEEN = re.compile(r"[\s()./-]")


def wrong_number(stated: Sequence[str], source: Source) -> bool:
    """Tell whether a summary states a number that nobody said.

    Args:
        stated: its texts.
        source: what it stands for.
    """
    said = _Said(source)
    return any(
        not said.holds(token, after)
        for text in stated
        for token, after in _tokens(said.without_long_ones(_LIST_NUMBER.sub("", _plain(text))))
    )


class _Said:
    """The numbers of a source, under every reading."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._numbers = {str(part) for day in source.days for part in (day.year, day.month, day.day)}
        self._times: set[int] = set()
        for text in (*source.spoken, *source.data):
            plain = _plain(text)
            for token, after in _tokens(plain):
                self._take(token, after)
            for hour, minute in _CLOCK.findall(plain):
                self._take_time(_times(int(hour), int(minute or 0), ""))

    @cached_property
    def _text(self) -> str:
        return "\n".join((*self._source.spoken, *self._source.data)).lower()

    @cached_property
    def _words(self) -> str:
        return spaced(self._text)

    @cached_property
    def _languages(self) -> frozenset[str]:
        return languages(self._source.spoken)

    @cached_property
    def _long(self) -> frozenset[str]:
        return frozenset(_BETWEEN.sub("", found[0]) for found in _LONG.finditer(_plain(self._text)))

    def without_long_ones(self, text: str) -> str:
        """Leave out the telephone numbers and the like that were said, with whatever signs in between."""
        return _LONG.sub(lambda found: " " if _BETWEEN.sub("", found[0]) in self._long else found[0], text)

    def _take(self, token: str, after: str) -> None:
        self._numbers |= _readings(token, after)
        for segment in _segments(token):
            self._numbers |= _readings(segment, "")
            self._take_time(_clock(segment, after))

    def _take_time(self, times: set[int]) -> None:
        self._times |= times
        for time in times:
            self._numbers |= {str(time // 60), str(time // 60 % 12 or 12), str(time % 60)}

    def holds(self, token: str, after: str) -> bool:
        if self._holds_one(token, after):
            return True
        segments = _segments(token)
        if len(segments) == 1:
            return False
        return all(
            self._holds_one(segment, after if index == len(segments) - 1 else "")
            or self._holds_of_date(segment, len(segments))
            for index, segment in enumerate(segments)
        )

    def _holds_one(self, token: str, after: str) -> bool:
        if _readings(token, after) & self._numbers:
            return True
        times = _clock(token, after)
        if times & self._times or any(self._holds_time(time) for time in times):
            return True
        return _is_small(token) and self._spelled(int(token))

    def _holds_time(self, time: int) -> bool:
        hour, minute = divmod(time, 60)
        if not self._holds_hour(hour) and not (minute >= 30 and self._holds_hour(hour + 1)):
            return False
        if minute in (15, 45):
            return quarter_said(self._text)
        if minute == 30:
            return half_said(self._text) or self._spelled(30)
        return self._holds_hour(hour) and (minute == 0 or self._spelled(minute))

    def _holds_hour(self, hour: int) -> bool:
        return any(str(each) in self._numbers or self._spelled(each) for each in {hour % 24, hour % 12 or 12})

    def _holds_of_date(self, segment: str, count: int) -> bool:
        """Tell whether a part of a date was said as a month's name, or a year without its century."""
        if not _is_small(segment):
            return False
        number = int(segment)
        if count == 3 and (number > 1900 or len(segment) == 2):
            return bool({str(number % 100), f"20{segment}", f"19{segment}"} & self._numbers) or month_said(
                number, self._text
            )
        return month_said(number, self._text)

    def _spelled(self, number: int) -> bool:
        return spelled(number, self._words, self._languages)


def _is_small(token: str) -> bool:
    return token.isdecimal() and len(token) <= 4


def _plain(text: str) -> str:
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text.translate(_SIGNS))


def _tokens(plain: str) -> Iterator[tuple[str, str]]:
    """Yield each number as it is written, and what follows it."""
    for found in _TOKEN.finditer(plain):
        yield found[0], plain[found.end() : found.end() + 12]


def _segments(token: str) -> list[str]:
    """Cut a date, a range, a version or a list into its numbers."""
    if re.search(r"[/-]", token):
        return [part for piece in re.split(r"[/-]", token) for part in _segments(piece)]
    for sign in ".,: ":
        pieces = token.split(sign)
        listed = len(pieces) > 2 and any(len(piece) != 3 for piece in pieces[1:])
        if listed or (sign == " " and len(pieces) > 1):
            return [part for piece in pieces for part in _segments(piece)]
    return [token]


def _readings(token: str, after: str) -> set[str]:
    """Give the numbers that a token may be, each in one form: digits, without idle zeros."""
    found = {_canonical(value) for value in _values(token)}
    scale = _SCALE.match(after)
    if scale and scale.lastgroup:
        found |= {_canonical(Decimal(value) * _SCALES[scale.lastgroup]) for value in _values(token)}
    return found


def _values(token: str) -> Iterator[str]:
    if re.search(r"[:/-]", token):
        return
    bare = re.sub(r"[ ']", "", token)
    signs = re.sub(r"\d", "", bare)
    if not signs:
        yield bare
        return
    last = signs[-1]
    head, _, tail = bare.rpartition(last)
    whole = re.sub(r"[.,]", "", head)
    if signs.count(last) == 1:
        yield f"{whole}.{tail}"
    grouped = all(len(group) == 3 for group in re.split(r"[.,]", bare)[1:])
    if grouped and len(set(signs)) == 1:
        yield whole + tail


def _canonical(value: str | Decimal) -> str:
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clock(token: str, after: str) -> set[int]:
    """Give the times of day, in minutes, that a token may be: `18:30`, `6:30 pm`, `18.30`, `6 pm`."""
    half = _HALF_DAY.match(after)
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?", token)
    if not found or (found[2] is None and not half):
        return set()
    return _times(int(found[1]), int(found[2] or 0), half[1].lower() if half else "")


def _times(hour: int, minute: int, half: str) -> set[int]:
    if hour > 24 or minute > 59:
        return set()
    time = (hour * 60 + minute) % _DAY
    if half and hour <= 12:
        return {time % _NOON + (_NOON if half == "p" else 0)}
    return {time, (time + _NOON) % _DAY} if 0 < hour <= 12 else {time}
