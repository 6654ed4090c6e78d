"""What all pages share: answers, errors, formats, static files."""
