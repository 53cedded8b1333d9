"""`faultmaven contract`: the OpenAPI document of this version, as committed in contract/openapi.json."""

from __future__ import annotations

import json
from argparse import Namespace

from faultmaven.app import Application
from faultmaven.contract import contract
from faultmaven.settings import Settings


def run(_options: Namespace) -> int:
    """Opens nothing: the document follows from the routes alone, whatever the settings of this machine."""
    application = Application(Settings.model_construct(), "127.0.0.1:8000", None)
    print(json.dumps(contract(application.api), indent=2, ensure_ascii=False))
    return 0
