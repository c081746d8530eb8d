"""`python -m mpc`."""

from mpc.app import main

main()
