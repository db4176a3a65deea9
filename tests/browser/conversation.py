"""A conversation to look at: long enough for chapters, with exact values that a ledger carries."""

from __future__ import annotations

TURNS: tuple[tuple[str, str], ...] = (
    (
        "I want to walk from Finse to Aurland in July. Four days, huts every night. Is that sensible?",
        "Yes. The usual way goes from Finse by Geiterygghytta, Steinbergdalen and Østerbø down to "
        "Aurland, about 60 km in all. July is early for the high pass above Finse: expect old snow, "
        "and wet feet on the first day. The last day through Aurlandsdalen is the one that people "
        "come for, and the steepest.",
    ),
    (
        "We are three, and one of us has never carried more than a day pack.",
        "Then keep each pack under 9 kg. With huts that serve dinner you need neither tent nor stove,"
        " so that is easily done: rain gear, one warm layer, a sheet sleeping bag, lunch. Let the "
        "beginner carry the food, which gets lighter every day.",
    ),
    (
        "Book the huts for 12 to 16 July, please, and note that Ingrid eats no fish.",
        "Noted: three beds, 12 to 16 July, no fish for Ingrid. I would ask for:\n\n1. **Finse 1222**, "
        "the night of the 12th\n2. **Geiterygghytta**, the 13th\n3. **Steinbergdalen**, the 14th\n4. "
        "**Østerbø**, the 15th\n\nA hut that is told of a diet a week ahead cooks for it.",
    ),
    (
        "What does it cost for the three of us?",
        "Members pay about 1,150 NOK a night with dinner and breakfast, others about 1,500. For three"
        " people and four nights that is 13,800 NOK as members. Membership costs 770 NOK a year, so "
        "it pays from the third night on.",
    ),
    (
        "Our budget is 16,000 NOK for everything, trains included.",
        "Then 2,200 NOK are left for trains. Oslo to Finse is from 299 NOK each when booked early, "
        "and Myrdal to Oslo the same: 1,794 NOK for three, there and back. It fits, with 406 NOK for "
        "coffee. Book the trains before the huts: the cheap seats go first.",
    ),
    (
        "The booking code for the train is QX7-4410. The 06:25 from Oslo.",
        "Kept: QX7-4410, the 06:25 from Oslo S. It is in Finse at 11:02, which leaves the whole "
        "afternoon to look at the glacier, or to be lazy.",
    ),
    (
        "How do we see whether there is still too much snow?",
        "Ask the hut: they know the pass of that very morning. Before you leave, look at `senorge.no`"
        " for snow depth above 1,300 m. More than 40 cm in the second week of July means that the "
        "streams are hidden under snow bridges, and then I would begin in Geiterygghytta instead.",
    ),
    (
        "And if the weather turns on the second day?",
        "The stretch to Steinbergdalen follows a valley, and can be walked in rain. In a storm stay: "
        "a day lost is better than a river crossed in flood. From Geiterygghytta there is a road with"
        " a bus, so you could leave the high part out and go on from Østerbø.",
    ),
    (
        "What should the beginner buy, and what can be borrowed?",
        "Buy boots, now, and walk 50 km in them before July. Borrow the rest: pack, poles, rain "
        "trousers. A sheet sleeping bag can be had in each hut for 120 NOK.",
    ),
    (
        "Remind us to reserve the bus from Aurland to Flåm.",
        "On the list: reserve the bus from Aurland to Flåm for 16 July. The last one that reaches the"
        " 17:40 train leaves at 16:15.",
    ),
    (
        "How long is the last day, honestly?",
        "19 km, and 900 m down. Six to seven hours with pauses. Begin at 08:00: the path is narrow at"
        " Sinjarheim, and one does not want to hurry there. Poles help the knees more than anything "
        "you could buy.",
    ),
    (
        "Is there somewhere to swim?",
        "Below Østerbø the river makes pools that are warm enough by afternoon, for some meaning of "
        "warm: 12 degrees in a good year. In Aurland there is the fjord, with a jetty beside the "
        "campsite.",
    ),
    (
        "Which map do we take?",
        "The sheet *Aurlandsdalen* at 1:50,000 covers it all from Finse to the fjord. Keep the same "
        "tiles on a phone, and the phone in a dry bag, switched off. There is no signal between "
        "Geiterygghytta and Østerbø.",
    ),
    (
        "One of us may come a day later. Can she catch up?",
        "Yes, if she takes the train to Finse on the 13th and the bus from there is not needed: from "
        "Hol there is a bus to Geiterygghytta at 12:30. She would miss the pass, and be there for "
        "dinner.",
    ),
    (
        "What do we do about the bed that she does not use on the 12th?",
        "Finse 1222 takes a change free of charge until 48 hours before. Write to them by the 10th, "
        "with the name of the booking. You get 1,150 NOK back, which pays for her bus.",
    ),
    (
        "Please sum up what is still to be done.",
        "Still open:\n\n- reserve the bus from Aurland to Flåm for 16 July\n- tell the huts that Ingrid "
        "eats no fish\n- change the bed at Finse for the night of the 12th\n- boots, and 50 km in them",
    ),
    (
        "And what was the train's booking code?",
        "QX7-4410, for the 06:25 from Oslo S. You are in Finse at 11:02.",
    ),
    (
        "Good. Write me the message to the huts.",
        "> We are three and come to you between 12 and 16 July. One of us, Ingrid, eats no fish. We "
        "would like dinner, breakfast, and a packed lunch.\n\nSend it a week ahead, to each of the "
        "four.",
    ),
    (
        "How cold does it get at night?",
        "2 to 6 degrees at Finse in July, frost now and then. You sleep inside, under blankets, so "
        "one warm layer is enough. On the pass the wind makes more of it than the thermometer.",
    ),
    (
        "Then we have all we need. What do we do first?",
        "In this order:\n\n1. the trains, while cheap seats are left\n2. the four huts, with the note "
        "about fish\n3. boots, and 50 km in them\n4. the bus from Aurland to Flåm\n\nThe rest can wait "
        "until June.",
    ),
)

# What the summary model says, in the order in which it is asked: of three parts, and of the first two.
SUMMARIES: tuple[dict[str, object], ...] = (
    {
        "what_happened": "A walk of four days from Finse to Aurland was planned for three people, hut to "
        "hut, with light packs because one of them is a beginner. Huts, costs and trains were worked out "
        "within the budget.",
        "decisions": ["Huts for 12 to 16 July, as members", "Trains are booked before the huts"],
        "open_tasks": [{"task": "Book the huts, and tell them that Ingrid eats no fish"}],
        "facts": ["The budget is 16,000 NOK for everything, trains included"],
    },
    {
        "what_happened": "The train was booked. Snow, weather and gear were talked through: the hut knows "
        "the pass of that morning, and in a storm one stays.",
        "decisions": ["Boots are bought, all else is borrowed"],
        "open_tasks": [{"task": "Reserve the bus from Aurland to Flåm for 16 July"}],
        "facts": ["The booking code of the train is QX7-4410"],
    },
    {
        "what_happened": "The last day, swimming, the map, and how one of the three can follow a day later "
        "were settled.",
        "decisions": ["She takes the bus to Geiterygghytta on the 13th"],
        "open_tasks": [{"task": "Change the bed at Finse for the night of the 12th"}],
        "facts": ["There is no signal between Geiterygghytta and Østerbø"],
    },
    {
        "what_happened": "A walk of four days from Finse to Aurland was planned for three people, hut to "
        "hut, within the budget; one of them is a beginner. The train was booked, and snow, weather and gear "
        "talked through.",
        "decisions": ["Huts for 12 to 16 July, as members", "Boots are bought, all else is borrowed"],
        "open_tasks": [
            {"task": "Book the huts, and tell them that Ingrid eats no fish"},
            {"task": "Reserve the bus from Aurland to Flåm for 16 July"},
        ],
        "facts": ["The budget is 16,000 NOK", "The booking code of the train is QX7-4410"],
    },
)
