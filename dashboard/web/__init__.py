"""Web code that the slices share. It knows no feature and imports no slice."""
