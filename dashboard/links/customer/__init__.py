"""The pages that customers open on their phones."""
