"""The legacy key's published vector (a throw-away pair), and Smile's half of such a pair, made by hand."""

import base64

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PARTNER_ID = "002"
TIMESTAMP = 1563283420
HASH = "fdcd25e295197a1a778d1d12d09529ba7ea66770744feb3f078db93937bd5ca9"
API_KEY = (
    "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUlHZk1BMEdDU3FHU0liM0RRRUJBUVVBQTRHTkFEQ0JpUUtCZ1FDNy9uU01l"
    "MGd3ZW14TGxqTS9lTHhuYzN0NwpJMElFS05kZWlMQnVaWURYOWE1VkZBcWcyRGYzbnh6VHlTS0hjekVIWjg0RE9sT0ZCMDV3"
    "L3dEYjYyM2tSV0lOCmRWZVVXdDZtVnIraG55cG5VdTFVK1pVak9CYmYvWlJyRWQrWWxEczhwMlNtTDZweWo1MEcyTG8rZTNW"
    "a1FSckgKZnY5RUJobXdDaDlkL2JKME93SURBUUFCCi0tLS0tRU5EIFBVQkxJQyBLRVktLS0tLQo="
)
SERVER_SEC_KEY = (
    "NSpHiG4ZmpPhjdeJpHzh1bNvmzjcB8Lx3pW8cy+4ih5A5LCKUXZ/wTf9oMawfaGnEg65ZDYdRnIJJu9x5wbE5f0jrN6jhCV7"
    "aCaajSQzmO7Cm7ELou/GGMx6mIo3FfibOsuvztq9PBKpcHDJ9brsUJw77slKsv1F9ExUEixQ2wo=|fdcd25e295197a1a778"
    "d1d12d09529ba7ea66770744feb3f078db93937bd5ca9"
)
CLIENT_SEC_KEY = (
    "MB+4qSamixkmb23EVDsuJx4HgY8KX0Xds0re9nPyb9ds94L4OEaE3vSlkZwSr6MQEhI7j2nPSbhiZh8MDyUm+FrUThWqns/g"
    "x+b8MFnBQ61iTLTjwnLDq6sk6Nerq6WqSBnp1uKj+ye8Sh5WmnjMOMbZMxM2vc0K0CwEmyV+1l8=|fdcd25e295197a1a778"
    "d1d12d09529ba7ea66770744feb3f078db93937bd5ca9"
)


class KeyPair:
    """What Smile holds: it decrypts a client's sec_key, and makes its own with the private key."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.api_key = base64.b64encode(pem).decode()

    def decrypt(self, encrypted: bytes) -> bytes:
        return self._private.decrypt(encrypted, PKCS1v15())

    def sec_key(self, digest: str) -> str:
        """PKCS#1 v1.5 padding of type 1 around the bare hash, then the private operation."""
        numbers = self._private.private_numbers()
        size = self._private.key_size // 8
        padded = b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest.encode()
        number = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n)
        return f"{base64.b64encode(number.to_bytes(size)).decode()}|{digest}"
