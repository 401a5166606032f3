"""Clients that do wrong, each in one way: the kit must turn red on each, on the rows it names.

A mutant is the reference client with one method, or a few lines, changed. `red` names rows that
must fail for it (a * stands for any letters); other rows may fail too. test_mutants.py proves both,
and that the client without the change is green there.
"""

import mutant_clients
import mutant_connections
from reference import Client

MUTANTS = {name: value for module in (mutant_connections, mutant_clients)
           for name, value in vars(module).items()
           if isinstance(value, type) and issubclass(value, Client) and hasattr(value, "red")}
