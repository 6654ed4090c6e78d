"""Rollups: that they are what a count of the rows would be, whatever happens to the rows and to those who fold."""
