"""Names of people as they really come: any script, any length, with the letters that an address is made of."""

from __future__ import annotations

from random import Random

import msgspec


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """Given name and family name, and both in plain letters for an address; some people have one name only."""

    given: str
    family: str | None
    plain: str

    @property
    def full(self) -> str:
        """As a caller id or a form shows it."""
        return f"{self.given} {self.family}" if self.family else self.given


_Pool = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]

#: Country → pools of (given, family), each name with its plain letters; a pool is of one language, and the first is
#: what most people there have.
_POOLS: dict[str, tuple[_Pool, ...]] = {
    "US": (
        (
            (("Jane", "jane"), ("Michael", "michael"), ("Ashley", "ashley"), ("DeShawn", "deshawn"),
             ("Emily", "emily"), ("Robert", "robert"), ("Mary-Kate", "marykate"), ("Tyler", "tyler")),
            (("Doe", "doe"), ("O'Neill", "oneill"), ("Washington", "washington"), ("Smith-Jones", "smithjones"),
             ("Miller", "miller"), ("McAllister", "mcallister"), ("van der Berg", "vanderberg"), ("Lee", "lee")),
        ),
        (
            (("José", "jose"), ("María Fernanda", "mariafernanda"), ("Íñigo", "inigo"), ("Núria", "nuria")),
            (("Muñoz", "munoz"), ("García Márquez", "garciamarquez"), ("Peña", "pena"), ("Ibáñez", "ibanez")),
        ),
        ((("伟", "wei"), ("秀英", "xiuying")), (("王", "wang"), ("李", "li"))),
        ((("지훈", "jihoon"), ("서연", "seoyeon")), (("김", "kim"), ("박", "park"))),
        ((("Thị Hồng", "thihong"), ("Đức", "duc")), (("Nguyễn", "nguyen"), ("Phạm", "pham"))),
    ),
    "GB": (
        (
            (("Oliver", "oliver"), ("Siân", "sian"), ("Niamh", "niamh"), ("Harriet", "harriet"), ("Callum", "callum")),
            (("Ashworth", "ashworth"), ("MacDonald", "macdonald"), ("Featherstonehaugh", "featherstonehaugh"),
             ("Ó Briain", "obriain"), ("Llewellyn", "llewellyn")),
        ),
        ((("अर्जुन", "arjun"), ("प्रिया", "priya")), (("शर्मा", "sharma"), ("पटेल", "patel"))),
        ((("محمد", "muhammad"), ("فاطمة", "fatima")), (("العلي", "alali"), ("حسين", "hussain"))),
        ((("Agnieszka", "agnieszka"), ("Łukasz", "lukasz")),
         (("Wiśniewska", "wisniewska"), ("Żółtowski", "zoltowski"))),
        ((("Αλέξανδρος", "alexandros"), ("Ελένη", "eleni")),
         (("Παπαδοπούλου", "papadopoulou"), ("Νικολάου", "nikolaou"))),
    ),
    "DE": (
        (
            (("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Anna-Lena", "annalena"), ("Björn", "bjoern"),
             ("Lukas", "lukas")),
            (("Müller", "mueller"), ("Weiß", "weiss"), ("von der Heide", "vonderheide"), ("Schröder", "schroeder"),
             ("Ostermann-Größ", "ostermanngroess")),
        ),
        ((("Олександр", "oleksandr"), ("Наталія", "nataliia")),
         (("Шевченко", "shevchenko"), ("Їжакевич", "yizhakevych"))),
        ((("Ayşe", "ayse"), ("İbrahim", "ibrahim")), (("Yıldız", "yildiz"), ("Öztürk", "oeztuerk"))),
    ),
    "NZ": (
        (
            (("Olivia", "olivia"), ("Jack", "jack"), ("Isla", "isla"), ("Liam", "liam")),
            (("Wilson", "wilson"), ("Fraser", "fraser"), ("D'Arcy", "darcy")),
        ),
        ((("Tāne", "tane"), ("Ngāio", "ngaio")), (("Te Whāiti", "tewhaiti"), ("Ngātai", "ngatai"))),
        ((("結衣", "yui"), ("さくら", "sakura")), (("田中", "tanaka"), ("鈴木", "suzuki"))),
        ((("สมชาย", "somchai"), ("มาลี", "malee")), (("แสงทอง", "saengthong"), ("ศรีสุข", "srisuk"))),
        ((("טליה", "talia"), ("נועם", "noam")), (("כהן", "cohen"), ("לוי", "levi"))),
    ),
}  # fmt: skip

_FIRST_POOL_SHARE = 0.7
_ONE_NAME_SHARE = 0.02


def draw_name(rng: Random, country: str) -> Name:
    """A name as one meets it in that country (ISO 3166; unknown ones draw as US)."""
    first, *others = _POOLS.get(country, _POOLS["US"])
    givens, families = first if rng.random() < _FIRST_POOL_SHARE else rng.choice(others)
    given, plain_given = rng.choice(givens)
    if rng.random() < _ONE_NAME_SHARE:
        return Name(given=given, family=None, plain=plain_given)
    family, plain_family = rng.choice(families)
    return Name(given=given, family=family, plain=f"{plain_given}.{plain_family}")
