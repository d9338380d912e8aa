"""Names for `testing.tricky_pairs`: forms of one name, and names that only look so."""

from __future__ import annotations

#: Two forms of one first name.
FORMS = (
    ("Robert", "Bob"), ("William", "Bill"), ("Elizabeth", "Liz"), ("Margaret", "Peggy"), ("James", "Jim"),
    ("Katherine", "Catherine"), ("Stephen", "Steven"), ("John", "Jon"), ("Sarah", "Sara"), ("Michael", "Mike"),
    ("Jennifer", "Jenifer"), ("Mohammed", "Muhammad"), ("Philip", "Phillip"), ("Theresa", "Teresa"),
    ("Alexander", "Alex"), ("Richard", "Dick"), ("Nicholas", "Nicolas"), ("Geoffrey", "Jeffrey"), ("Eric", "Erik"),
    ("Deborah", "Debra"), ("Mary-Ann", "Maryann"), ("Allan", "Alan"), ("Lindsay", "Lindsey"), ("Marc", "Mark"),
)  # fmt: skip
SPELT = (
    (("José", "Núñez"), ("Jose", "Nunez")), (("Łukasz", "Śmigły"), ("Lukasz", "Smigly")),
    (("Jürgen", "Müller"), ("Juergen", "Mueller")), (("Søren", "Kjær"), ("Soren", "Kjaer")),
    (("Zoë", "Ångström"), ("Zoe", "Angstrom")), (("Иван", "Петров"), ("Ivan", "Petrov")),
    (("李", "小龙"), ("Xiaolong", "Li")), (("أحمد", "علي"), ("Ahmed", "Ali")),
    (("Νίκος", "Παππάς"), ("Νικος", "Παππας")),
    (("रवि", "शर्मा"), ("Ravi", "Sharma")), (("Seán", "O'Brien"), ("Sean", "OBrien")),
    (("Ştefan", "Ionescu"), ("STEFAN", "IONESCU")),
)  # fmt: skip
#: First names that look alike and are two people's.
TWO = (
    ("Paul", "Paula"), ("Eric", "Erica"), ("Mario", "Maria"), ("Daniel", "Danielle"), ("Julian", "Julia"),
    ("Tim", "Tom"), ("Christian", "Christina"), ("Jean", "Joan"), ("Max", "Maxine"), ("Ann", "Bob"), ("Kim", "Tim"),
    ("Carl", "Carla"), ("太郎", "花子"), ("Иван", "Мария"), ("أحمد", "فاطمة"), ("Martin", "Martina"), ("Erin", "Eric"),
)  # fmt: skip
FIRST = (
    "Ada",
    "Boris",
    "Chen",
    "Dolores",
    "Esther",
    "Farid",
    "Greta",
    "Hugo",
    "Ingrid",
    "Kwame",
    "Noor",
    "Olga",
)
OTHER_FIRST = ("Percy", "Quentin", "Rosa", "Svetlana", "Umberto", "Wanda", "Xavier", "Yolanda", "Zbigniew")
LAST = (
    "Abbott",
    "Brunner",
    "Castillo",
    "Dimitrov",
    "Eze",
    "Fitzgerald",
    "Grant",
    "Haddad",
    "Ivanova",
    "Okafor",
)
OTHER_LAST = (
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Olsen",
    "Price",
    "Quinn",
    "Rossi",
    "Tran",
    "Yilmaz",
)
NOBODY = ("WIRELESS CALLER", "Anonymous", "AUSTIN       TX", "Unknown", "", "PRIVATE CALLER", "12015550100")
