"""What must not go from a search box into an address, which browsers, proxies and logs keep: an ID number."""

import re

#: Seven digits or more, with letters, dashes and the like between them: so look the ID numbers of Smile's catalogue.
NUMBER = re.compile(r"(?=(?:[^0-9]*[0-9]){7})[A-Za-z0-9/. -]{7,30}")


def looks_like_id_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None
