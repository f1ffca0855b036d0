"""The VID2015 tree on disk, its cards, and how recordings become sequences in it."""
