"""One command a file; thin."""
