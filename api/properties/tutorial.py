"""Runs the commands of a section of `docs/api.md`, as they stand there, on a server of its own.

Usage: tutorial.py <binary of the server>
"""

import os
import pathlib
import re
import subprocess
import sys

from run import Server

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/api.md"
SECTION = "## From nothing to a bot that answers"

# Far longer than it takes: what waits for an answer that does not come ends, too.
SECONDS = 120


def commands():
    """The shell blocks of the section, one after the other."""
    text = PAGE.read_text().split(SECTION, 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if not blocks:
        raise SystemExit(f"{PAGE} has no commands in {SECTION!r}")
    return "".join(blocks)


def main():
    server = Server(os.path.abspath(sys.argv[1]))
    try:
        server.wait()
        script = "set -euo pipefail\n" + commands()
        environment = os.environ | {"B": server.url("/api/v1")}
        done = subprocess.run(
            ["bash", "-x", "-c", script], env=environment, cwd=server.folder.name, timeout=SECONDS
        )
        if done.returncode:
            print(server.said(), flush=True)
        return done.returncode
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
