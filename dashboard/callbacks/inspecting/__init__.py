"""The pages that show callbacks to staff: the list, one callback, and two side by side."""
