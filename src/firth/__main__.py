"""`python -m firth` is the `firth` command."""

import sys

from firth.cli import main

sys.exit(main())
