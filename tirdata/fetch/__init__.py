"""Sources to files: links, folders, lists of them."""
