"""`make sbom`: what runs, as a CycloneDX file: every Python package of the lock, and the libraries of the pages."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE / "build" / "sbom.json"


def main() -> None:
    TARGET.parent.mkdir(exist_ok=True)
    options = "--pyproject pyproject.toml --mc-type application --output-reproducible --output-format JSON"
    command = ["cyclonedx_py", "requirements", "requirements.lock", *options.split(), "--output-file", str(TARGET)]
    subprocess.run([sys.executable, "-W", "ignore", "-m", *command], check=True, cwd=HERE)  # noqa: S603  # our own
    document = json.loads(TARGET.read_text(encoding="utf-8"))
    for component in document["components"]:
        # Where each one can be fetched is the business of whoever installs it.
        component.pop("externalReferences", None)
    document["components"] += page_libraries()
    TARGET.write_text(json.dumps(document, indent=1), encoding="utf-8")
    print(f"{TARGET.relative_to(HERE)}: {len(document['components'])} components")


def page_libraries() -> list[dict[str, Any]]:
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    return [
        _component(place.rpartition("node_modules/")[2], package)
        for place, package in lock["packages"].items()
        if place and not package.get("dev")  # what only the build uses
    ]


def _component(name: str, package: dict[str, Any]) -> dict[str, Any]:
    digest = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()
    purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": package["version"],
        "purl": purl,
        "hashes": [{"alg": "SHA-512", "content": digest}],
        "licenses": [{"license": {"id": package["license"]}}] if package.get("license") else [],
    }


if __name__ == "__main__":
    main()
