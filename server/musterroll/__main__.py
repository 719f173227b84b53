from musterroll.cli import main

main()
