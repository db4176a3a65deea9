"""A summary in another language is refused; names, short texts and mixed conversations are not."""

from __future__ import annotations

import pytest

from backscroll.compaction.gate import refusal
from backscroll.compaction.language import wrong_language
from backscroll.compaction.source import Source
from backscroll.messages.chapter import Summary

SAID = {
    "en": "I would like to book two seats on the ferry to Bergen for next Friday. Is there still room for a"
    " car, and what does it cost? We would rather leave in the morning, because the children get "
    "tired.",
    "de": "Ich möchte für nächsten Freitag zwei Plätze auf der Fähre nach Bergen buchen. Ist noch Platz für"
    " ein Auto, und was kostet das? Wir würden lieber am Morgen fahren, weil die Kinder müde werden.",
    "fr": "Je voudrais réserver deux places sur le ferry pour Bergen vendredi prochain. Est-ce qu'il reste "
    "de la place pour une voiture, et combien cela coûte ? Nous préférons partir le matin avec les "
    "enfants.",
    "es": "Quisiera reservar dos plazas en el ferry a Bergen para el próximo viernes. ¿Queda sitio para un "
    "coche y cuánto cuesta? Preferimos salir por la mañana, porque los niños se cansan.",
    "pt": "Gostaria de reservar dois lugares no ferry para Bergen na próxima sexta-feira. Ainda há lugar "
    "para um carro e quanto custa? Preferimos sair de manhã, porque as crianças ficam cansadas.",
    "ru": "Я хотел бы забронировать два места на паром до Бергена на следующую пятницу. Есть ли ещё место "
    "для машины и сколько это стоит? Нам лучше выехать утром, потому что дети устают.",
    "uk": "Я хотів би забронювати два місця на пором до Бергена на наступну п'ятницю. Чи є ще місце для "
    "машини і скільки це коштує? Нам краще виїхати вранці, тому що діти втомлюються.",
    "ar": "أود أن أحجز مقعدين على العبارة إلى بيرغن يوم الجمعة القادم. هل ما زال هناك مكان لسيارة وكم يكلف "
    "ذلك؟ نفضل أن نغادر في الصباح لأن الأطفال يتعبون.",
    "zh": "我想预订下周五去卑尔根的渡轮，两个座位。还有地方放一辆车吗，要多少钱？我们希望早上出发，因为孩子"
    "们会累。",
    "ja": "来週の金曜日にベルゲン行きのフェリーを二席予約したいのですが、車を載せる場所はまだありますか。料"
    "金はいくらですか。子供たちが疲れるので、朝に出発したいです。",
    "ko": "다음 주 금요일에 베르겐으로 가는 페리 좌석 두 개를 예약하고 싶습니다. 자동차를 실을"
    " 자리가 아직 있나요, 그리고 얼마인가요? 아이들이 피곤해하기 때문에 아침에 출발하고 "
    "싶습니다.",
}
SUMMARY = {
    "en": "The user asked for two seats on the ferry to Bergen and whether there is room for the car.",
    "de": "Der Nutzer wollte zwei Plätze auf der Fähre nach Bergen und fragte, ob noch Platz für das Auto "
    "ist.",
    "fr": "L'utilisateur a demandé deux places sur le ferry pour Bergen et s'il reste de la place pour la "
    "voiture.",
    "es": "El usuario pidió dos plazas en el ferry a Bergen y preguntó si todavía queda sitio para el coche.",
    "pt": "O utilizador pediu dois lugares no ferry para Bergen e perguntou se ainda há lugar para o carro.",
    "ru": "Пользователь хотел забронировать два места на паром до Бергена и спросил, есть ли место для "
    "машины.",
    "uk": "Користувач хотів забронювати два місця на пором до Бергена і запитав, чи є місце для машини.",
    "ar": "طلب المستخدم مقعدين على العبارة إلى بيرغن وسأل عما إذا كان هناك مكان للسيارة.",
    "zh": "用户想预订两个去卑尔根的渡轮座位，并询问是否还有地方放一辆车。",
    "ja": "利用者はベルゲン行きのフェリーを二席予約したいと言い、車を載せる場所があるか尋ねました。",
    "ko": "사용자는 베르겐으로 가는 페리 좌석 두 개를 원했고 자동차를 실을 자리가 있는지 물었습니다.",
}


@pytest.mark.parametrize("code", SAID)
def test_a_summary_in_the_language_that_was_spoken_passes(code: str) -> None:
    assert not wrong_language(SUMMARY[code], [SAID[code]])


@pytest.mark.parametrize("spoken", SAID)
@pytest.mark.parametrize("written", SAID)
def test_a_summary_in_another_language_is_refused(written: str, spoken: str) -> None:
    assert wrong_language(SUMMARY[written], [SAID[spoken]]) == (written != spoken)


@pytest.mark.parametrize(("one", "other"), [("de", "en"), ("zh", "en"), ("ru", "fr"), ("ja", "zh")])
def test_a_conversation_in_two_languages_accepts_either(one: str, other: str) -> None:
    mixed = [SAID[one], SAID[other], SAID[one]]
    assert not wrong_language(SUMMARY[one], mixed)
    assert not wrong_language(SUMMARY[other], mixed)
    assert wrong_language(SUMMARY["es"], mixed)


@pytest.mark.parametrize(
    "summary",
    [
        "",
        "OK.",
        "FX-7781, 42.50",
        "Mia Li, Tom Okafor, Bergen, Stavanger, Hurtigruten, Kystruten, Norled",
        "https://example.com/path/to/page user@example.com some_name_2305",
        "Fähre gebucht.",
    ],
)
@pytest.mark.parametrize("code", ["en", "de", "fr"])
def test_names_codes_and_short_texts_tell_no_language(summary: str, code: str) -> None:
    assert not wrong_language(summary, [SAID[code]])


def test_names_in_another_script_stand_in_a_summary() -> None:
    said = SAID["zh"] + "航空公司是 Scandinavian Airlines System，酒店是 Clarion Hotel Admiral。"
    summary = "用户选择了 Scandinavian Airlines System 和 Clarion Hotel Admiral，并预订了渡轮座位。"
    assert not wrong_language(summary, [said])


def test_too_little_was_said_to_tell() -> None:
    assert not wrong_language(SUMMARY["de"], ["ok", "Thanks!"])


def test_a_summary_in_another_language_does_not_become_a_chapter() -> None:
    source = Source(spoken=(SAID["de"],), tokens=1000)
    assert refusal([], Summary(what_happened=SUMMARY["en"]), source) == "wrong_language"
    assert refusal([], Summary(what_happened=SUMMARY["de"]), source) is None
    in_facts = Summary(what_happened="FX-7781", facts=(SUMMARY["en"],))
    assert refusal([], in_facts, Source(spoken=(SAID["de"], "FX-7781"), tokens=1000)) == "wrong_language"
