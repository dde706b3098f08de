"""python-socketio from PyPI against a real server, after docs/protocol.md:

- a client connects, joins a room, posts and receives: on polling, and on WebSocket
- missed entries arrive after a reconnect, once and in order
- the example bot of docs/protocol.md replies, unchanged

To run it by hand:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r ui/tests/foreign/python/requirements.txt
    ICHAT_SERVER_BIN=target/debug/ichat-server /tmp/venv/bin/python ui/tests/foreign/python/test_client.py
"""

import os
import pathlib
import queue
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

import socketio

PROGRAM = os.environ.get("ICHAT_SERVER_BIN")
TIMEOUT_S = 60


class Server:
    """A real server with a port and a data folder of its own."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.data = tempfile.TemporaryDirectory(prefix="ichat-python-")
        flags = ["--listen", f"127.0.0.1:{port}", "--data", self.data.name, "--no-announce"]
        self.process = subprocess.Popen([PROGRAM, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_up()

    def wait_until_up(self):
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.data.cleanup()


class Member:
    """A member of a chat. Received events are queued until they are waited for."""

    def __init__(self, url, **options):
        self.client = socketio.Client(reconnection=False)
        self.events = queue.Queue()
        self.client.on("*", lambda event, *data: self.events.put((event, data[0] if data else None)))
        self.client.connect(url, **options)
        self.hello = self.receives("hello")
        self.lobby = self.hello["lobby"]

    def receives(self, event, matches=None, timeout_s=TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        received = []
        while True:
            try:
                name, data = self.events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'"{event}" was not received, only {received}') from None
            if name == event and (matches is None or matches(data)):
                return data
            received.append(name)

    def says(self, text, room):
        entry_id = str(uuid.uuid4())
        self.client.emit("post", {"room": room, "id": entry_id, "body": {"kind": "message", "text": text}})
        batch = self.receives("entries", lambda data: any(entry["id"] == entry_id for entry in data["entries"]))
        return next(entry for entry in batch["entries"] if entry["id"] == entry_id)

    def sees(self, text, timeout_s=TIMEOUT_S):
        def has_text(data):
            return any(entry["body"].get("text") == text for entry in data["entries"])

        batch = self.receives("entries", has_text, timeout_s)
        return next(entry for entry in batch["entries"] if entry["body"].get("text") == text)

    def disconnect(self):
        self.client.disconnect()


@unittest.skipUnless(PROGRAM, "ICHAT_SERVER_BIN does not name a server")
class PythonSocketIo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_posts_and_receives_on_each_transport(self):
        for transport in ["polling", "websocket"]:
            with self.subTest(transport=transport):
                alice = Member(self.server.url, transports=[transport])
                bob = Member(self.server.url, transports=[transport])
                self.assertEqual(alice.client.transport(), transport)
                room = str(uuid.uuid4())
                alice.client.emit("create", {"room": room, "name": f"On {transport}"})
                self.assertEqual(alice.receives("room")["id"], room)
                bob.client.emit("join", {"room": room})
                self.assertTrue(bob.receives("room", lambda data: data["id"] == room)["joined"])
                bob.receives("page", lambda data: data["room"] == room)
                posted = alice.says("hi", room)
                self.assertEqual(bob.sees("hi"), posted)
                answer = bob.client.call("post", {"room": room}, timeout=TIMEOUT_S)
                self.assertEqual(answer["event"], "refused")
                self.assertEqual(answer["data"]["error"]["code"], "bad_request")
                alice.disconnect()
                bob.disconnect()

    def test_missed_entries_arrive_after_a_reconnect(self):
        alice = Member(self.server.url)
        bob = Member(self.server.url)
        bob.client.emit("sync", {"rooms": {bob.lobby: None}})
        page = bob.receives("page", lambda data: data["room"] == bob.lobby)
        head = {"epoch": page["head"]["epoch"], "seq": page["head"]["seq"]}
        bob.disconnect()
        texts = ["missed 1", "missed 2", "missed 3"]
        for text in texts:
            alice.says(text, alice.lobby)
        again = Member(self.server.url)
        again.client.emit("sync", {"rooms": {again.lobby: head}})
        missed = []
        while not any(entry["body"].get("text") == texts[-1] for entry in missed):
            missed += again.receives("page", lambda data: data["room"] == again.lobby)["entries"]
        self.assertEqual([entry["seq"] for entry in missed], list(range(head["seq"] + 1, head["seq"] + 1 + len(missed))))
        self.assertEqual([entry["body"]["text"] for entry in missed if entry["body"]["kind"] == "message"], texts)
        alice.disconnect()
        again.disconnect()

    def test_the_example_bot_of_the_docs_replies(self):
        docs = pathlib.Path(__file__).parents[4].joinpath("docs", "protocol.md").read_text("utf-8")
        code = re.search(r"```python\n(.*?)```", docs, re.DOTALL)[1].replace("http://192.168.1.7:4242", self.server.url)
        bot = subprocess.Popen([sys.executable, "-c", code])
        self.addCleanup(bot.wait)
        self.addCleanup(bot.terminate)
        alice = Member(self.server.url)
        deadline = time.monotonic() + TIMEOUT_S
        answer = None
        # The bot may not have joined yet, so the message is repeated.
        while answer is None and time.monotonic() < deadline:
            ping = alice.says("ping", alice.lobby)
            try:
                answer = alice.sees("pong", timeout_s=0.5)
            except AssertionError:
                continue
        self.assertIsNotNone(answer, "the bot did not reply")
        self.assertTrue(answer["body"]["reply_to"])
        self.assertNotEqual(answer["author"], ping["author"])
        alice.disconnect()


if __name__ == "__main__":
    unittest.main()
