"""Made-up customers and members: names, numbers and addresses that fit their country. None of them exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

#: By country: first names of women, of men, and last names.
NAMES: Mapping[str, tuple[str, str, str]] = {
    "NG": (
        "Amara Ngozi Funke Aisha Chioma Zainab Bukola Ifeoma Hauwa Temitope Kemi Blessing Halima Adaeze Yetunde",
        "Emeka Tunde Musa Chidi Segun Ibrahim Obinna Kunle Uche Yusuf Femi Nnamdi Sani Dayo Ikenna",
        "Okafor Adeyemi Bello Eze Balogun Abubakar Nwosu Ogunleye Danjuma Okonkwo Lawal Obi Adebayo Umar Ibe Ojo",
    ),
    "KE": (
        "Wanjiru Achieng Nyambura Faith Mercy Atieno Njeri Grace Chebet Wambui Akinyi Purity Jepkosgei",
        "Kamau Otieno Kiprono Brian Mwangi Ochieng Kevin Kipchoge Omondi Njoroge Mutua Dennis Kiplagat",
        "Kariuki Odhiambo Cheruiyot Mutiso Njenga Wekesa Kimani Onyango Rotich Gitau Barasa Maina Koech",
    ),
    "GH": (
        "Akosua Ama Efua Abena Adwoa Afia Esi Yaa Dede Mawusi Naa",
        "Kwame Kofi Kwabena Yaw Kojo Kwesi Nii Selorm Fiifi Edem Kwaku",
        "Mensah Owusu Boateng Asante Osei Agyeman Addo Amoah Tetteh Quaye Appiah",
    ),
    "ZA": (
        "Thandi Nomsa Lerato Zanele Ayanda Palesa Naledi Chantal Refilwe Busisiwe",
        "Sipho Thabo Bongani Pieter Mandla Kagiso Lwazi Johan Tebogo Sibusiso",
        "Dlamini Nkosi Botha Mokoena Khumalo Naidoo Molefe Zulu Venter Mahlangu",
    ),
}
OTHERS = "NG"  # whose names the other countries use
CALLING_CODES = {"NG": "234", "KE": "254", "GH": "233", "ZA": "27", "UG": "256", "CI": "225", "ZM": "260", "RW": "250"}
STREETS = ("Unity Road", "Market Street", "Station Road", "Garden Avenue", "Church Lane", "Hill Close")
#: How numbers look: # is a digit, @ a letter. The catalogue's patterns accept them.
NUMBER_FORMS: Mapping[tuple[str, str], str] = {
    ("NG", "BVN"): "22#########",
    ("NG", "BANK_ACCOUNT"): "##########",
    ("NG", "DRIVERS_LICENSE"): "@@@#########",
    ("NG", "NIN"): "7##########",
    ("NG", "NIN_SLIP"): "7##########",
    ("NG", "NIN_V2"): "7##########",
    ("NG", "PHONE_NUMBER"): "080########",
    ("NG", "VOTER_ID"): "90F5B###########",
    ("NG", "V_NIN"): "@@############@@",
    ("NG", "BUSINESS_REGISTRATION"): "RC######",
    ("NG", "BASIC_BUSINESS_REGISTRATION"): "RC######",
    ("NG", "TAX_INFORMATION"): "2#######-0001",
    ("KE", "ALIEN_CARD"): "8######",
    ("KE", "DRIVERS_LICENSE"): "7######",
    ("KE", "KRA_PIN"): "4########",
    ("KE", "NATIONAL_ID"): "3#######",
    ("KE", "NATIONAL_ID_NO_PHOTO"): "3#######",
    ("KE", "PASSPORT"): "B########",
    ("KE", "BUSINESS_REGISTRATION"): "PVT-@@####",
    ("GH", "DRIVERS_LICENSE"): "B#######",
    ("GH", "NATIONAL_ID"): "GHA-7########-#",
    ("GH", "NEW_VOTER_ID"): "8#########",
    ("GH", "PASSPORT"): "G#######",
    ("GH", "SSNIT"): "C############",
    ("GH", "VOTER_ID"): "8#########",
    ("ZA", "NATIONAL_ID"): "9############",
    ("ZA", "NATIONAL_ID_NO_PHOTO"): "9############",
    ("ZA", "BUSINESS_REGISTRATION"): "20##/######/07",
    ("UG", "NATIONAL_ID_NO_PHOTO"): "CM##########@@",
    ("CI", "NATIONAL_ID_NO_PHOTO"): "C##########",
}
OTHER_FORM = "@########"
MOST_DIGITS = 15
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    gender: str  # M or F, as forms send it
    born: str
    phone: str
    address: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


_SPLIT: Mapping[str, tuple[Sequence[str], ...]] = {
    country: tuple(names.split() for names in each) for country, each in NAMES.items()
}


def make_person(country: str, bits: int) -> Person:
    """The person of 128 bits of chance."""
    women, men, last = _SPLIT.get(country) or _SPLIT[OTHERS]
    first = women if bits & 1 else men
    return Person(
        first[(bits >> 1) % len(first)],
        last[(bits >> 11) % len(last)],
        "F" if bits & 1 else "M",
        f"{1956 + (bits >> 20) % 50}-{1 + (bits >> 30) % 12:02}-{1 + (bits >> 40) % 28:02}",
        f"+{CALLING_CODES.get(country, '234')}{700_000_000 + (bits >> 50) % 199_999_999}",
        f"{1 + (bits >> 90) % 180} {STREETS[(bits >> 100) % len(STREETS)]}",
    )


def make_number(country: str, id_type: str, bits: int) -> str:
    """The number of 128 bits of chance."""
    form = NUMBER_FORMS.get((country, id_type), OTHER_FORM)
    blanks, count = _blanks_of(form)
    number = blanks % tuple(f"{bits % 10**MOST_DIGITS:0{MOST_DIGITS}}"[:count])
    for place in range(form.count("@")):
        number = number.replace("@", LETTERS[(bits >> 60 + 6 * place) % len(LETTERS)], 1)
    return number


@cache
def _blanks_of(form: str) -> tuple[str, int]:
    """The form with a blank for each digit, and how many there are."""
    return form.replace("#", "%s"), form.count("#")
