"""What all pages share: answers, errors, formats and static files."""
