"""What every test stands on: compiled sources that are kept from one process to the next."""

import os
import sys

# The workers of pytest and hundreds of processes started by tests would each compile them anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
