"""Pages on which staff look at callbacks: the list, one callback, two side by side."""
