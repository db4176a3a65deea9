"""`python -m backscroll.cli`: the command where no script for it is on the PATH."""

from backscroll.cli import main

main(prog_name="backscroll")
