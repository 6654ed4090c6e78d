"""Finding people by whole parts of their names, through an index of keyed digests that an owner can switch off."""
