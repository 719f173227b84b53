"""Values that stand where a serial, maker or MAC address should be: never an identity.

The one list for agent, registry and importers: what GLPI, OCS Inventory, FusionInventory, FOG and readers of SMBIOS tables pass over, the
defaults of firmware and hypervisors, the words of people who had to enter something, and the patterns behind them. Nothing else is refused:
short serials (`7`, `1234`, `AB1`), numbers that a series comes to (`00000001`, `1111`, `012345`, `NB12345`) and prefixed numbers
(`FCW12345678`) are real.
"""


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The name of a field standing in it, what is the matter with it, or both: "System Serial Number", "gone", "no serial", "serial unknown".
_OWNERS = _table(
    """system baseboard board motherboard mainboard chassis enclosure case product device unit machine computer hardware host oem bios
    manufacturer vendor"""
)
_FIELDS = _table(
    """serialnumber serialnumbers serialnum serialno serialnr serial sernum serno sn number num name productname uuid version
    manufacturer assettag assetnumber asset assetinformation tag label sticker plate nameplate partnumber sku seriennummer serienummer
    numérodesérie numerodeserie númerodeserie númerodesérie numerodiserie matricola numerseryjny"""
)
_NAMES = frozenset(owner + field for owner in ("", *_OWNERS) for field in _FIELDS)

_STATES = _table(
    """none no na nil nul null nullstring nothing nan empty blank void missing gone lost unknown unknow unk undefined undef
    unspecified unset unassigned unavailable unreadable illegible unlabeled unlabelled unregistered unserialized invalid bad default
    defaultstring defaultvalue notspecified notapplicable notavailable notsettable notset notdefined notassigned notprovided
    notentered notpresent notfound notknown notsupported notprogrammed notreadable notlegible notgiven notfilled notrecorded notvalid
    notyetassigned notinstalled norecord nodata wornoff removed erased scratched scratchedoff cannotread cantread couldnotread
    couldnotberead hidden withheld redacted tobefilledbyoem tobefilledinbyoem tobefilledbyo tobefilled filledbyoem fillbyoem setbyoem
    tobesetbyoem tbdbyoem tobedetermined tobedefined tobeassigned tobeconfirmed tbd tba tbc oem pending enter enteryour seelabel
    seenote seenotes seecomment seecomments dummy fake sample example test testing demo temp temporary generic outofspec badindex
    error nonexistent various several multiple
    diverse verschiedene mehrere divers plusieurs inexistant inexistante varios varias inexistente vários várias
    vari varie diversen różne rozne
    unbekannt keine kein keinenummer keineangabe ohne ohnenummer ohneseriennummer keineseriennummer fehlt leer entfällt
    entfaellt nichtvorhanden nichtangegeben nichtbekannt nichtlesbar nichtverfügbar nichtverfuegbar unleserlich unlesbar nichtzutreffend
    inconnu inconnue aucun aucune néant neant sans sansnuméro sansnumero nonrenseigné nonrenseigne nonspécifié
    nonspecifie nondisponible nonapplicable pasdenuméro pasdenumero illisible absent vide
    desconocido desconocida ninguno ninguna sinnúmero sinnumero sinserie sinserial noespecificado nodisponible noaplica
    noaplicable noidentificado ilegible vacío vacio
    desconhecido desconhecida nenhum nenhuma semnúmero semnumero semserie semsérie semnumerodeserie nãoespecificado naoespecificado
    nãodisponível naodisponivel nãoaplicável naoaplicavel nãoinformado naoinformado nãoconsta naoconsta ilegível ilegivel vazio
    sconosciuto sconosciuta nessuno nessuna senzanumero nonspecificato illeggibile assente vuoto nondisponibile
    onbekend geen geennummer geenserienummer nietbeschikbaar nietopgegeven nietbekend nvt leeg onleesbaar ontbreekt
    nieznany nieznana nieznane brak brakdanych braknumeru niedotyczy nieczytelny neznámé nezname neuvedeno okänd okand saknas
    ingen inget ejangivet serienummersaknas ukendt ukjent mangler tuntematon puuttuu eitiedossa ismeretlen nincs bilinmiyor yok necunoscut
    неизвестно неизвестен нет отсутствует неуказан неуказано безномера бн нечитаемо невідомо немає
    未知 无 無 没有 未指定 不明 なし 未設定 不詳 없음 미상 알수없음 默认字符串"""
)

_LISTED = _table(
    """0 1 12345 sn12345 123456789000 1231234123 sn123456fvgv3i0b8o5n6n7k eval iatpass tulipcomputers pcie2 type1productconfigid
    systemproductname systemmanufacturer systemversion systemname productname manufacturer foobar 1qaz2wsx
    1q2w3e4r 1q2w3e4r5t type1123456789 type2boardserialnumber type3chassisserialnumber sernum0 03000200040005000006000700080009
    00020003000400050006000700080009 6ab5b300538d10149fb5b0684d007b53 123456781234567890abcddeefaabbcc 785634123412785690abcddeefaabbcc
    ffffff00ffffffffffffffffffffffff
    204153594eff 02004e435049 e2e616200a35 d20a2da004be 00a0c6000000 d26b252f2ce7 33506f453030 0a0027000000 005056c00001 005056c00008
    028037ec0200 505054503030 24b620524153 444553540000 444553540001 44455354616f 0001027d9b1c 0008a1460635 0008a166e21a 0009dd103768
    000fea9ae2f0 00105a7271f3 00111185088b 101111111111 020000000000 000102030405 001122334455 112233445566 aabbccddeeff"""
)  # the last three lines are MAC addresses that many machines share
# Makers and models of virtual machines, and in place of a serial no serial.
_VIRTUAL = _table(
    "vmware vmwarevirtualplatform qemu kvm xen hvmdomu virtualbox vbox virtualmachine hyperv bochs parallels microsoftcorporation"
)
# Cut short by firmware and tables: "To be filled by O", "Default str", "SystemSerialNumb".
_CUT = _table(
    """tobefilledbyoem defaultstring systemserialnumber chassisserialnumber baseboardserialnumber notspecified notapplicable notavailable
    systemproductname systemmanufacturer"""
)
_SHORTEST_CUT = 6

# Prefixes of made-up numbers: SN-12345, SYS-9876543210, MB-1234567890, ATN12345678901234567.
_PREFIXES = _table("sn ssn sys mb nb bsn csn msn psn atn asset no nr number serial serialno serialnumber abc abcd vmware test demo")
_FROM_ONE = tuple(row * 3 for row in ("1234567890", "123456789abcdef0"))
_FROM_ZERO = tuple(row * 3 for row in ("0123456789", "0123456789abcdef"))
_DOWN = tuple(row * 3 for row in ("9876543210", "0987654321"))
_SURE = 9  # digits: shorter numbers that start with 0 or 9, or have a prefix, are those of some unit of a long series
_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "qazwsxedc", "abcdefghijklmnopqrstuvwxyz")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def is_placeholder(value: str) -> bool:
    """Whether a value stands where a serial or a MAC address should be; compared without case, spaces and signs.

    >>> [is_placeholder(text) for text in ("To Be Filled By O.E.M.", "SN-12345", "0000000", "Unknow", "N/A", "QEMU", "---")]
    [True, True, True, True, True, True, True]
    >>> [is_placeholder(text) for text in ("K400MVX7", "00000001", "1234", "22", "FCW12345678")]
    [False, False, False, False, False]
    """
    key = _key(value)
    return key in _VIRTUAL or _unfilled(key)


def is_placeholder_name(value: str) -> bool:
    """Whether a value stands where a maker or a model should be. Virtual machines have both.

    >>> is_placeholder_name("System manufacturer"), is_placeholder_name("QEMU")
    (True, False)
    """
    return _unfilled(_key(value))


def _key(value: str) -> str:
    key = value.casefold()
    return key if key.isalnum() else "".join(c for c in key if c.isalnum())


def _unfilled(key: str) -> bool:
    if not key or key in _LISTED or _repeats(key.removeprefix("0x")):
        return True
    return _words(key) if key.isalpha() else _counts(key) or _prefixed(key)


def _repeats(key: str) -> bool:
    """Zeros and X of any number, a letter four times, a digit six times, two that fill eight or more, three that fill nine."""
    if len(key) < 8:
        return not key.strip("0x") or (len(key) >= (6 if key.isdigit() else 4) and not key.strip(key[0]))
    return key[2:] == key[:-2] or (len(key) > 8 and key[3:] == key[:-3])


def _counts(key: str) -> bool:
    """Six or more digits or hex digits that count up from 1 or down to it; nine or more from 0, down to it, or down from the top."""
    if len(key) < 6 or not ("234" in key or "432" in key or "876" in key):
        return False
    both = key, key[::-1]
    if any(row.startswith(both) for row in _FROM_ONE):
        return True
    return len(key) >= _SURE and (any(row.startswith(both) for row in _FROM_ZERO) or any(row.startswith(key) for row in _DOWN))


def _prefixed(key: str) -> bool:
    """A prefix of serials with a counted number or zeros behind it."""
    digits = key.lstrip(_LETTERS)
    if key[: len(key) - len(digits)] not in _PREFIXES:
        return False
    return (len(digits) >= _SURE and _counts(digits)) or (len(digits) >= 4 and not digits.strip("0"))


def _words(key: str) -> bool:
    """The name of a field, a state of it, or both; such a text cut short or filled up with X; a row of keys or of the alphabet."""
    if key in _NAMES or key in _STATES or (len(key) >= _SHORTEST_CUT and any(text.startswith(key) for text in _CUT)):
        return True
    if len(key) >= 4 and any(row.startswith((key, key[::-1])) or row.endswith(key[::-1]) for row in _ROWS):
        return True
    filled = key.rstrip("x")
    if len(key) - len(filled) >= 3 and (filled in _PREFIXES or filled in _NAMES):
        return True
    parts = ((key[:at], key[at:]) for at in range(2, len(key) - 1))
    return any((first in _STATES and second in _NAMES) or (first in _NAMES and second in _STATES) for first, second in parts)
