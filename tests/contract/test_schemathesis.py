"""Requests made up from the document, valid and invalid, alone and in sequences, against a live server.

What is checked, and what may answer otherwise than a schema can say, stands in schemathesis.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.contract.conftest import COMMITTED
from tests.servers import running

COMMAND = Path(sys.executable).parent / "schemathesis"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PATIENCE = 400


def test_the_server_does_what_the_document_says(tmp_path: Path) -> None:
    with running(tmp_path / "data", max_sessions_per_user="10000", max_queued_queries="1000") as server:
        assert server.token
        told = subprocess.run(
            [COMMAND, "--config-file", CONFIGURATION, "run", COMMITTED, "--url", server.url],
            cwd=tmp_path,
            env=os.environ | {"FAULTMAVEN_TOKEN": server.token, "NO_COLOR": "1", "COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert told.returncode == 0, told.stdout + told.stderr
    # It also ends well when it had nothing to do.
    for phase in ("Coverage", "Fuzzing", "Stateful"):
        assert f"✅  {phase}" in told.stdout, told.stdout
