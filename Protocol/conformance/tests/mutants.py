"""Wrong clients, each wrong in one way: the kit must turn red on the named rows of each.

A mutant is the reference client with one method, or a few lines, changed. `red` names rows that
must fail for the mutant (a * stands for any letters). Other rows may fail, too. test_mutants.py
proves the red rows, and that the client without the change is green on them.
"""

import mutant_clients
import mutant_connections
import mutant_endings
from reference import Client

MUTANTS = {name: value for module in (mutant_connections, mutant_clients, mutant_endings)
           for name, value in vars(module).items()
           if isinstance(value, type) and issubclass(value, Client) and hasattr(value, "red")}
