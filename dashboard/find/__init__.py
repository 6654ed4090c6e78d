"""Find: everything by one box: ids, numbers, names, members, and plain words as filters."""
