"""A person's sparse boxes in, a box for every frame out; the journal is the source of truth."""
