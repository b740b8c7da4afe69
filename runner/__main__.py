"""`python -m runner` is `orch`."""

from runner.cli import main

main()
