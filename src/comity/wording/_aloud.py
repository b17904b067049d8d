"""The words of `comity.wording.aloud`: 256 for each language, chosen for this and for nothing else.

A word's place in its list is the value of a byte: the lists never change, since fingerprints are read out with them.
English words differ in their first three letters and in three letters anywhere; Persian ones in two, also where two
letters sound alike, and none is written with a hidden space.
"""

from __future__ import annotations

from typing import Final

EN: Final = (  # noqa: SIM905  a word a line would be 256 lines
    "acorn airport album almond anchor ankle apron artist atlas autumn avenue award badger balcony bamboo banana "
    "barrel basket beaver bedroom beetle belt bench bicycle biscuit blossom bobbin bonfire border bridge bronze "
    "brush buffalo bundle butter cabin cactus cake captain carpet castle cavern cedar cement chalk cheese chimney "
    "chocolate cinema citrus cliff clock coach coconut coffee column copper cotton cradle cricket dairy dancer "
    "dentist desk diamond doctor dolphin donkey dragon drum driver dune eagle earth easel echo editor elbow "
    "elephant emerald engine envelope evening fabric factory family farmer feather festival fiddle field finger "
    "fish flag flute forest fossil fountain fox freezer fruit gallery garden giraffe glacier globe gold grape "
    "guitar harbor hedge helmet hill holiday hospital hotel house iceberg igloo insect island ivory jaguar jasmine "
    "jelly journal juice kangaroo keyboard kidney kitchen kiwi koala lagoon lamp lavender lawyer lemon leopard "
    "library lilac linen lizard lobster lotus machine magnet marble meadow meteor midnight mineral mirror mitten "
    "moon mosaic muffin museum napkin necklace nickel notebook nurse nutmeg oasis ocean octopus office olive onion "
    "opera orange orchid ostrich oxygen palace panda paper parrot patio pebble pelican pencil perfume piano picnic "
    "pillow pioneer pizza planet poem polar poppy potato printer pudding pumpkin puppet purple pyramid quail queen "
    "rabbit raft rainbow ribbon rubber saffron salad scarf school season shelf silver skate sleeve slipper snow "
    "soccer sofa spider spring stadium storm sugar summer sunset swan sweater tailor temple tennis toast topaz "
    "tornado tractor tree trumpet tulip umbrella uniform vanilla village vinegar violin visitor volcano voyage "
    "waffle walnut wheat whistle wooden yarn yogurt zebra "
).split()

FA: Final = (  # noqa: SIM905  the same
    "آسمان آفتاب آهنگ آهو آیینه آجر آلبالو آناناس آواز آویشن آستین آبشار آسیاب ابریشم اتاق اردک ارغوان اسکله انار "
    "انبه انجیر انگشتر انگور ایوان الماس اقیانوس استکان بابونه بادام بادبان باران بازار بالش بامیه برنج بستنی بشقاب "
    "بلبل بلوط بنفشه بهار بیابان بوقلمون بخاری بندر بزغاله پارچه پاییز پاکت پرتقال پرستو پرنده پروانه پسته پلنگ "
    "پنجره پنیر پولک پیاز پیانو پیراهن پرچم تابستان ترازو تمساح تنور تونل تابلو تاکسی تلفن ترانه تخته جارو جاده جغد "
    "جنگل جوجه جوراب جزیره چادر چاقو چتر چراغ چشمه چغندر چکش چمدان چنگال چوپان چرخ حلوا حوله حوض حلقه خامه خرگوش "
    "خرما خروس خورشید خیار خوشه دارچین دانشگاه دریا دریچه دستکش دفتر دلفین دوچرخه دوربین دیوار درخت دندان دکمه "
    "رادیو راهرو رودخانه روباه روسری ریحان زعفران زمستان زمین زنبور زیتون زرافه زردآلو زنگوله ژاله ساحل ساعت سبزه "
    "ستاره سرکه سفره سماور سنجاب سوزن سینی سیمرغ سبد سطل سایه سیمان سنتور شالیزار شاهین شانه شبنم شترمرغ شلغم شمشاد "
    "شمع شقایق شاتوت شلوار شیپور صابون صدف صندلی صنوبر صحرا طاووس طبل طناب طوطی طوفان عسل عقاب عقیق عینک عنکبوت عدس "
    "غزال فانوس فرش فلفل فندق فنجان فواره فرودگاه قارچ قاشق قالی قلعه قناری قهوه قیچی قطار قفس قرقره کاسه کاغذ "
    "کبریت کبوتر کتاب کشتی کشمش کفش کلید کلبه کمان کوچه کلاغ کاشی گردو گردنبند گلابی گلدان گندم گنجشک گیلاس گوشواره "
    "گهواره گیتار گربه لباس لیمو لواشک لنگر لوبیا مداد مروارید مزرعه مشعل ملخ مهتاب میخک میدان میمون مسواک مورچه "
    "مترسک نارنج نارگیل نخود نرگس نسیم نعناع نقره نمک نیلوفر نردبان نیمکت واحه والیبال هدهد هندوانه هویج هیزم هلال "
    "یاقوت یخچال یوزپلنگ یونجه یاسمن "
).split()
