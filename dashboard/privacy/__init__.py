"""Personal data: how long it is kept, exporting and erasing what is held about one person, and encryption keys."""
