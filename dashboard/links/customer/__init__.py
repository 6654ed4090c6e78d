"""Pages that customers open on their phones."""
