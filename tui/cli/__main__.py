"""`python -m tui.cli`: the same as the command `whatfits`."""

import sys

from tui.cli import main

sys.exit(main())
