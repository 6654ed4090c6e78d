"""What is held about a person: how long it is kept, handing it out, erasing it, and the keys it is sealed with."""
