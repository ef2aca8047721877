"""Compiles all that the given modules import, in the image's build: `compile_imported.py MODULE...`.

The whole environment would be twice as large. Compiled by content, not by time: two builds give the same bytes.
"""

import importlib
import py_compile
import sys
from pathlib import Path

OWN = str(Path.cwd())

sys.dont_write_bytecode = True
sys.path.insert(0, OWN)

for name in sys.argv[1:]:
    importlib.import_module(name)
for module in list(sys.modules.values()):
    source = getattr(module, "__file__", None) or ""
    # the base's own library is not in the layer
    if source.endswith(".py") and ("site-packages" in source or source.startswith(OWN)):
        py_compile.compile(source, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
