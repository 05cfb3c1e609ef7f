"""Tries the whole API with input that a machine thinks of.

Starts the real server with a data directory of its own, makes two accounts in it, and has schemathesis read the OpenAPI
document and send what the document allows and what it does not: to every operation, with a session, with an API key, and
with what takes things away last. An answer that the document does not describe fails the run, and so does any 5xx.

Usage: run.py <binary of the server> [<options of schemathesis>...]
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import requests

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "Analytical-Engine-1"
SCOPES = [
    "read:gateways",
    "read:plugins",
    "read:analytics",
    "write:gateways",
    "write:plugins",
    "execute:plugins",
]

# The first server on a machine compiles its components.
START_SECONDS = 120

# Two streams that do not end while the session holds: whoever waits for their end waits for ever. The tests in api/tests
# read from both.
ENDLESS = ["followWorkspace", "followConversation"]

# What removes things that others are tried on, or gives a key another secret: tried by an account of its own.
REMOVES = r"^DELETE |/uninstall$|/rotate$|/workspace/stop$|/user/password$|/users/me/delete-data$"

# What ends the session that it is called with: by one more, and after that it is refused.
ENDS = r"/auth/logout$|^DELETE /auth/sessions$"

class Server:
    """The server on a free port of this machine, with a data directory that goes when it does."""

    def __init__(self, binary):
        self.folder = tempfile.TemporaryDirectory(prefix="twobot-api-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        ours = re.compile(r"^(TWOBOT_|DATABASE_URL$|REDIS_URL$|STRIPE_)")
        environment = {name: value for name, value in os.environ.items() if not ours.match(name)}
        environment |= {
            "TWOBOT_DATA_DIR": f"{self.folder.name}/data",
            "TWOBOT_LISTEN": self.address,
            "TWOBOT_DEMO_PASSWORD": PASSWORD,
            # A hundred a minute is for people; what counts them has tests of its own.
            "TWOBOT_REQUESTS_PER_CALLER": "1000000",
            "TWOBOT_REQUESTS_PER_ADDRESS": "1000000",
        }
        self.log = open(f"{self.folder.name}/log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--demo"],
            cwd=self.folder.name,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )

    def url(self, path):
        return f"http://{self.address}{path}"

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(self.url("/readyz"), timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise SystemExit("the server did not start:\n" + self.said())

    def said(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-8000:]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()
        self.folder.cleanup()


class Account:
    """Somebody with an account, and one of everything that can be made."""

    def __init__(self, server, path, body):
        self.server = server
        self.token = self.call(None, "POST", path, body)["token"]

    def call(self, token, method, path, body=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(
            method, self.server.url(f"/api/v1{path}"), json=body, headers=headers, timeout=60
        )
        if not answer.ok:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def furnish(self):
        """What there is to look at and to change, by the words of the paths that name it."""
        make = lambda path, body: self.call(self.token, "POST", path, body)  # noqa: E731
        gateway = make("/gateways", {"kind": "web-chat", "name": "Console"})["id"]
        installed = [one["plugin"]["slug"] for one in self.call(self.token, "GET", "/user/plugins")["items"]]
        for slug, slot in [("auto-reply", "channels"), ("analytics", "sources")]:
            bound = {"gateways": {slot: [gateway]}}
            make(f"/user/plugins/{slug}/gateways" if slug in installed else f"/user/plugins/{slug}/install", bound)
        conversation = make(f"/gateways/{gateway}/conversations", {"title": "Hello"})["id"]
        make(f"/conversations/{conversation}/messages", {"text": "Hello"})
        key = make("/api-keys", {"name": "Properties", "scopes": SCOPES})["key"]
        deadline = time.monotonic() + START_SECONDS
        executions = []
        while not executions:
            if time.monotonic() > deadline:
                raise SystemExit("no plugin ran:\n" + self.server.said())
            time.sleep(0.1)
            executions = self.call(self.token, "GET", "/executions")["items"]
        return {
            "gateways": [gateway],
            "conversations": [conversation],
            "executions": [execution["id"] for execution in executions],
            "api-keys": [key["id"]],
            "plugins": ["auto-reply", "analytics"],
        }


def schemathesis(server, name, token, things, options):
    print(f"\n=== {name}", flush=True)
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        server.url("/api/v1/openapi.json"),
        "--header",
        f"Authorization: Bearer {token}",
        *[f"--exclude-operation-id={operation}" for operation in ENDLESS],
        *options,
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "TWOBOT_THINGS": json.dumps(things)}
    environment["PYTHONPATH"] = str(HERE)
    # Examples that were found before would make one run differ from the next.
    return subprocess.run(command, cwd=server.folder.name, env=environment).returncode == 0


def main():
    binary, more = os.path.abspath(sys.argv[1]), sys.argv[2:]
    server = Server(binary)
    try:
        server.wait()
        # The demo's plan allows several of everything, so that making one more can succeed.
        ada = Account(server, "/auth/login", {"email": "demo@2bot.local", "password": PASSWORD})
        # Not the names of the document's examples: who signs in by these would end the session that is tried with.
        bob, cleo = (
            Account(server, "/auth/register", {"email": f"{name}@example.org", "password": PASSWORD, "name": name})
            for name in ["properties-bob", "properties-cleo"]
        )
        things, others = ada.furnish(), bob.furnish()
        # The key that calls is none of those that are changed.
        more_keys = ada.call(ada.token, "POST", "/api-keys", {"name": "Caller", "scopes": SCOPES})
        rest = f"--exclude-name-regex={REMOVES}|{ENDS}"
        part = "--phases=examples,fuzzing"
        passed = [
            schemathesis(server, "with a session", ada.token, things, [rest, *more]),
            schemathesis(server, "with an API key", more_keys["token"], things, [rest, part, *more]),
            schemathesis(
                server,
                "what removes",
                bob.token,
                others,
                [f"--include-name-regex={REMOVES}", f"--exclude-name-regex={ENDS}", *more],
            ),
            schemathesis(server, "what ends", cleo.token, {}, [f"--include-name-regex={ENDS}", *more]),
        ]
        panics = [line for line in server.said().splitlines() if "panic" in line]
        if panics or not all(passed) or server.process.poll() is not None:
            print("\n".join(panics) or server.said(), flush=True)
            return 1
        return 0
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
