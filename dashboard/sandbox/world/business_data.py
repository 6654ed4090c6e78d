"""The answers of the simulated company registers."""

from dashboard.sandbox.fields import Json

#: A missing value of a register; ID authorities write "Not Available".
NOTHING = "N/A"

_COMPANY = {
    "company_type": "PRIVATE COMPANY LIMITED BY SHARES",
    "country": "",
    "address": "12 Sample Street, Ikeja",
    "registration_number": "",
    "search_number": "",
    "authorized_shared_capital": "1000000",
    "industry": NOTHING,
    "tax_id": NOTHING,
    "registration_date": "2014-05-06",
    "phone": "08000000000",
    "legal_name": "Sample Trading Limited",
    "state": "Lagos",
    "email": "office@example.com",
    "status": "ACTIVE",
}


def answer(id_info: Json, found: bool) -> Json:
    """What Business Verification adds to a result.

    id_info: `country`, `id_type`, `id_number`. found: the register knows the business.
    Returns `success`, `Country`, `IDType`, `IDNumber`, `company_information`, `documents`, and the lists `fiduciaries`,
    `beneficial_owners`, `directors` and `proprietors`, which are empty for tax lookups.

    https://docs.usesmileid.com/products/for-businesses-kyb/business-verification
    """
    number = str(id_info.get("id_number", ""))
    company = dict(_COMPANY) if found else dict.fromkeys(_COMPANY, NOTHING)
    company |= {"country": str(id_info.get("country", "")), "search_number": number}
    if found:
        company["registration_number"] = number
    has_people = found and id_info.get("id_type") != "TAX_INFORMATION"
    return {
        "success": True,
        "Country": id_info.get("country", ""),
        "IDType": id_info.get("id_type", ""),
        "IDNumber": number,
        "company_information": company,
        "fiduciaries": [_fiduciary()] if has_people else [],
        "beneficial_owners": [_owner()] if has_people else [],
        "directors": [_director()] if has_people else [],
        "proprietors": [],
        "documents": {"search_certificate": NOTHING},
    }


def _fiduciary() -> Json:
    return {
        "name": "Joe Doe",
        "fiduciary_type": "SECRETARY",
        "address": NOTHING,
        "registration_number": NOTHING,
        "status": "ACTIVE",
    }


def _owner() -> Json:
    return {
        "name": "Amina Bello",
        "shareholdings": "60%",
        "address": NOTHING,
        "gender": "Female",
        "nationality": "Nigerian",
        "registration_number": NOTHING,
        "shareholder_type": "Individual",
        "phone_number": NOTHING,
    }


def _director() -> Json:
    return {
        "name": "Joe Doe",
        "shareholdings": "40%",
        "id_number": NOTHING,
        "id_type": NOTHING,
        "address": NOTHING,
        "occupation": NOTHING,
        "gender": "Male",
        "nationality": "Nigerian",
        "date_of_birth": "1989-01-20",
        "phone_number": NOTHING,
    }
