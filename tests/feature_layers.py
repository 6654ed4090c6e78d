"""The contract of the layers for import-linter. The slices come from features.py, so that there is no second list."""

from typing import Any

from importlinter.contracts.layers import LayersContract

from dashboard.features import FEATURES

SLICES = "<features>"


class FeatureLayers(LayersContract):
    """A contract of layers in which `<features>` stands for the slices, from the highest to the lowest."""

    type_name = "feature_layers"

    def __init__(self, name: str, session_options: dict[str, Any], contract_options: dict[str, Any]) -> None:
        slices = [feature.name for feature in reversed(FEATURES)]
        layers = [name for layer in contract_options["layers"] for name in (slices if layer == SLICES else [layer])]
        super().__init__(name, session_options, contract_options | {"layers": layers})
