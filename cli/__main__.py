"""`python -m cli` does what `tirdata` does."""

from cli.main import main

main(prog_name="tirdata")
