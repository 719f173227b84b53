"""Older encodings are told by the words they give, or a person is asked."""

import io
import itertools

import pytest
from musterroll.readers.table import BadFile, NeedsChoice
from musterroll.readers.text_encoding import encoding_of

NAMES = {
    "German": ("Köln", "Düsseldorf", "Straße", "Nürnberg", "Österreich"),
    "French": ("Hôtel de la Région", "Société Générale", "Besançon", "Évreux", "Nîmes"),
    "Spanish": ("Cádiz", "Logroño", "León", "Córdoba", "Gijón"),
    "Portuguese": ("São Paulo", "Informações", "Goiânia", "Ceará", "Criciúma"),
    "Swedish": ("Göteborg", "Malmö", "Västerås", "Öland", "Umeå"),
    "Polish": ("Gdańsk", "Wrocław", "Łomża", "Częstochowa", "Świnoujście"),
    "Czech": ("Plzeň", "Ústí nad Labem", "České Budějovice", "Třebíč", "Přerov"),
    "Hungarian": ("Győr", "Székesfehérvár", "Pécs", "Kőszeg", "Vác"),
    "Turkish": ("İstanbul", "Şişli", "Beyoğlu", "Eskişehir", "Muğla"),
    "Russian": ("Москва", "Казань", "Омск", "Пермь", "Тула"),
    "Greek": ("Αθήνα", "Πάτρα", "Λάρισα", "Βόλος", "Χανιά"),
    "Japanese": ("東京支店", "大阪市", "名古屋工場", "株式会社", "サーバー"),
    "Chinese": ("北京分公司", "上海", "设备编号", "广州", "深圳"),
}
ENCODINGS = {
    "cp1252": ("German", "French", "Spanish", "Portuguese", "Swedish"),
    "mac_roman": ("German", "French", "Spanish", "Portuguese", "Swedish"),
    "iso8859-15": ("German", "French", "Spanish"),
    "cp850": ("German", "Spanish"),
    "cp1250": ("Polish", "Czech", "Hungarian"),
    "iso8859-2": ("Polish", "Hungarian"),
    "cp1254": ("Turkish",),
    "cp1251": ("Russian",),
    "koi8-r": ("Russian",),
    "cp1253": ("Greek",),
    "cp932": ("Japanese",),
    "gbk": ("Chinese",),
}


def accounts(names: tuple[str, ...]) -> str:
    return "Account ID,Account Name\n" + "".join(f"A{number},{name}\n" for number, name in enumerate(names))


@pytest.mark.parametrize(
    ("encoding", "language"), [(encoding, language) for encoding, languages in ENCODINGS.items() for language in languages]
)
def test_names_are_read_as_they_were_written_and_shown(encoding: str, language: str) -> None:
    content = accounts(NAMES[language]).encode(encoding)
    found, remark = encoding_of(io.BytesIO(content))
    assert content.decode(found) == accounts(NAMES[language])
    assert "the file was read as" in remark
    assert NAMES[language][0].split()[0] in remark


def exists_in(name: str, encoding: str) -> bool:
    return name.encode(encoding, "ignore").decode(encoding) == name


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        (name, encoding)
        for encoding in ("cp1252", "cp1250", "mac_roman")
        for name in itertools.chain(*NAMES.values())
        if not name.isascii() and exists_in(name, encoding)
    ],
)
def test_one_name_alone_is_read_right_or_asked(name: str, encoding: str) -> None:
    content = accounts((name,)).encode(encoding)
    try:
        assert content.decode(encoding_of(io.BytesIO(content))[0]) == accounts((name,))
    except NeedsChoice as choice:
        assert choice.field == "encoding"  # noqa: PT017
        assert name.split()[0][:30] in str(choice) or len(choice.options) > 3  # noqa: PT017


def test_an_encoding_is_chosen_by_a_person() -> None:
    assert encoding_of(io.BytesIO(accounts(("Łódź",)).encode("cp1250")), "cp1250") == ("cp1250", "")
    assert encoding_of(io.BytesIO(accounts(("Łódź",)).encode("utf-8-sig")), "utf-8") == ("utf-8-sig", "")
    with pytest.raises(BadFile, match="the file is not ascii"):
        encoding_of(io.BytesIO(accounts(("Łódź",)).encode("cp1250")), "ascii")
