"""What is in data sets and mixes: counted, and drawn."""
