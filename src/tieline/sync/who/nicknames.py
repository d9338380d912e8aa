"""First names that one person goes by: each line is one name in its forms, folded as `who.likeness` folds words."""

from __future__ import annotations

_FORMS = """
abigail abby abbie gail
alexander alex alec sandy sasha xander alejandro aleksandr oleksandr
alexandra alex sandra sandy sasha lexi aleksandra alejandra
andrew andy drew andreas andre
anthony tony antonio anton toni
ann anna anne annie anya
barbara barb babs barbie
benjamin ben benny benji
catherine kathryn cathy kathy kate katie kit kitty cate katja katherine katarina katarzyna kasia
charles charlie chuck chas carlos karl carl
christine christina kristin kristina chris chrissy tina christa
christopher chris kit topher christian christoph
daniel dan danny
david dave davey davy
deborah debra deb debbie
donald don donny
dorothy dot dottie dolly
edward ed eddie ted teddy ned eduardo edwin
elizabeth liz lizzie beth betty eliza lisa libby elsie bess elisabeth betsy
emily em emmy
eugene gene
frances fran francie
francis frank francisco paco pancho franz
frederick fred freddy fritz freddie
geoffrey jeffrey geoff jeff
gerald gerry jerry gerard
gregory greg gregor
harold harry hal
henry harry hank heinrich
helen ellen helena nell nellie lena
isabella bella isabel izzy
jacob jake jack jacques
james jim jimmy jamie jem
jennifer jen jenny jenna
jessica jess jessie
john jack johnny jon ivan juan johann hans
jonathan jon nathan jonny
joseph joe joey jose pepe josef giuseppe beppe
josephine jo josie
joshua josh
judith judy judi
kenneth ken kenny
kimberly kim kimmy
lawrence larry laurence lars lorenzo
leonard leo len lenny
louis lou luis lewis ludwig
margaret maggie meg peggy marge madge margot greta rita
martin marty
mary maria marie molly polly mae mia
matthew matt mateo matthias
michael mike mick mickey miguel mikhail misha
mohammed muhammad mohamed mohammad muhammed
nathaniel nate nathan nat
nicholas nick nicky nico klaus nicolas
patricia pat patty trish tricia
patrick pat paddy
peter pete pedro pjotr pyotr piotr
philip phil pip
raymond ray
rebecca becky becca
richard rick ricky dick rich richie ricardo
robert bob bobby rob robbie bert roberto
ronald ron ronnie
samuel sam sammy
samantha sam sammy
sean shawn shaun
stephen steven steve stevie stefan esteban stephan
susan sue suzy susie susanna suzanne
theodore ted teddy theo
thomas tom tommy tomas
timothy tim timmy
valerie val
victoria vicky vic tori
vincent vince vinny
virginia ginny ginger
walter walt wally
william will bill billy willy willie liam wilhelm guillermo memo
yevgeny evgeny eugene zhenya
zachary zach zack
"""

#: Form → the names that it may be a form of.
NAMES_OF: dict[str, frozenset[int]] = {}
for _number, _line in enumerate(_FORMS.split("\n")):
    for _form in _line.split():
        NAMES_OF[_form] = NAMES_OF.get(_form, frozenset()) | {_number}
