"""Currencies: the codes of ISO 4217, how many decimals each is written with, and the signs that stand for them."""

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK
DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"""
CURRENCIES = frozenset(_CODES.split())
_DECIMALS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0
)
_DECIMALS |= dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3) | {"CLF": 4}

# Signs of one currency, as pairs of sign and code.
_OWN = """
€ EUR euro EUR £ GBP ₹ INR ₽ RUB ₩ KRW ₺ TRY ₴ UAH ₪ ILS ₫ VND ฿ THB ₱ PHP ₦ NGN ₸ KZT ₾ GEL ₼ AZN
zł PLN zl PLN kč CZK kc CZK ft HUF lei RON лв BGN r ZAR fr CHF sfr CHF rmb CNY cn¥ CNY 元 CNY jp¥ JPY 円 JPY
us$ USD a$ AUD au$ AUD c$ CAD ca$ CAD can$ CAD nz$ NZD hk$ HKD s$ SGD sg$ SGD nt$ TWD mx$ MXN r$ BRL"""
# Signs that several currencies use, the most usual first.
_SHARED = {
    "$": "USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP JMD TTD FJD BBD BSD",
    "kr": "SEK NOK DKK ISK",
    "¥": "JPY CNY",
    "rs": "INR PKR LKR NPR MUR",
}
SIGNS: dict[str, tuple[str, ...]] = {sign: tuple(codes.split()) for sign, codes in _SHARED.items()}
SIGNS |= {sign: (code,) for sign, code in zip(_OWN.split()[::2], _OWN.split()[1::2], strict=True)}


def decimals(currency: str) -> int:
    """The decimals that amounts in a currency are written with.

    >>> decimals("EUR"), decimals("JPY"), decimals("KWD")
    (2, 0, 3)
    """
    return _DECIMALS.get(currency, 2)


def named_by(sign: str) -> tuple[str, ...]:
    """The currencies that a code or sign can mean, the most usual first; none where it is neither.

    >>> named_by("USD"), named_by("zł"), named_by("kr.")[:2], named_by("pcs")
    (('USD',), ('PLN',), ('SEK', 'NOK'), ())
    """
    code = sign.upper()
    return (code,) if code in CURRENCIES else SIGNS.get(sign.casefold().rstrip("."), ())
