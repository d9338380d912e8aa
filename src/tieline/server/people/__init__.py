"""One person: items, conflicts, time line, undo."""
