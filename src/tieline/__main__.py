"""`python -m tieline`."""

import sys

from tieline.cli.main import main

sys.exit(main())
