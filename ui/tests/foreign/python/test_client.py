"""python-socketio, as it comes from PyPI, against the real server, by docs/protocol.md alone.

- on polling only, and on WebSocket: connect, join a room, post, receive
- what was missed comes after a reconnect, once and in order
- the bot that docs/protocol.md shows answers, as it stands there

By hand:

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
WITHIN_S = 15


class Server:
    """The real server, on a port and a data folder of its own."""

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
        end = time.monotonic() + WITHIN_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(WITHIN_S)
        self.data.cleanup()


class Member:
    """Somebody who keeps what is heard until it is asked for."""

    def __init__(self, url, **options):
        self.client = socketio.Client(reconnection=False)
        self.heard = queue.Queue()
        self.client.on("*", lambda event, *data: self.heard.put((event, data[0] if data else None)))
        self.client.connect(url, **options)
        self.hello = self.hears("hello")
        self.lobby = self.hello["lobby"]

    def hears(self, event, fits=lambda data: True, within_s=WITHIN_S):
        end = time.monotonic() + within_s
        seen = []
        while True:
            try:
                name, data = self.heard.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'"{event}" was not heard; heard: {seen}') from None
            if name == event and fits(data):
                return data
            seen.append(name)

    def says(self, text, room):
        entry = str(uuid.uuid4())
        self.client.emit("post", {"room": room, "id": entry, "body": {"kind": "message", "text": text}})
        batch = self.hears("entries", lambda data: any(one["id"] == entry for one in data["entries"]))
        return next(one for one in batch["entries"] if one["id"] == entry)

    def sees(self, text, within_s=WITHIN_S):
        fits = lambda data: any(one["body"].get("text") == text for one in data["entries"])
        batch = self.hears("entries", fits, within_s)
        return next(one for one in batch["entries"] if one["body"].get("text") == text)

    def leave(self):
        self.client.disconnect()


@unittest.skipUnless(PROGRAM, "ICHAT_SERVER_BIN does not name a server")
class PythonSocketIo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_talks_on_each_transport(self):
        for transport in ["polling", "websocket"]:
            with self.subTest(transport=transport):
                alice = Member(self.server.url, transports=[transport])
                bob = Member(self.server.url, transports=[transport])
                self.assertEqual(alice.client.transport(), transport)
                room = str(uuid.uuid4())
                alice.client.emit("create", {"room": room, "name": f"On {transport}"})
                self.assertEqual(alice.hears("room")["id"], room)
                bob.client.emit("join", {"room": room})
                self.assertTrue(bob.hears("room", lambda data: data["id"] == room)["joined"])
                bob.hears("page", lambda data: data["room"] == room)
                said = alice.says("hi", room)
                self.assertEqual(bob.sees("hi"), said)
                answer = bob.client.call("post", {"room": room}, timeout=WITHIN_S)
                self.assertEqual(answer["event"], "refused")
                self.assertEqual(answer["data"]["error"]["code"], "bad_request")
                alice.leave()
                bob.leave()

    def test_resumes(self):
        alice = Member(self.server.url)
        bob = Member(self.server.url)
        bob.client.emit("sync", {"rooms": {bob.lobby: None}})
        page = bob.hears("page", lambda data: data["room"] == bob.lobby)
        held = {"epoch": page["head"]["epoch"], "seq": page["head"]["seq"]}
        bob.leave()
        texts = ["missed 1", "missed 2", "missed 3"]
        for text in texts:
            alice.says(text, alice.lobby)
        again = Member(self.server.url)
        again.client.emit("sync", {"rooms": {again.lobby: held}})
        missed = []
        while not any(one["body"].get("text") == texts[-1] for one in missed):
            missed += again.hears("page", lambda data: data["room"] == again.lobby)["entries"]
        self.assertEqual([one["seq"] for one in missed], list(range(held["seq"] + 1, held["seq"] + 1 + len(missed))))
        self.assertEqual([one["body"]["text"] for one in missed if one["body"]["kind"] == "message"], texts)
        alice.leave()
        again.leave()

    def test_the_bot_of_the_docs_answers(self):
        docs = pathlib.Path(__file__).parents[4].joinpath("docs", "protocol.md").read_text("utf-8")
        code = re.search(r"```python\n(.*?)```", docs, re.DOTALL)[1].replace("http://192.168.1.7:4242", self.server.url)
        bot = subprocess.Popen([sys.executable, "-c", code])
        self.addCleanup(bot.wait)
        self.addCleanup(bot.terminate)
        alice = Member(self.server.url)
        end = time.monotonic() + WITHIN_S
        answer = None
        # Until the bot is in nobody answers, so it is asked again.
        while answer is None and time.monotonic() < end:
            ping = alice.says("ping", alice.lobby)
            try:
                answer = alice.sees("pong", within_s=0.5)
            except AssertionError:
                continue
        self.assertIsNotNone(answer, "the bot did not answer")
        self.assertTrue(answer["body"]["reply_to"])
        self.assertNotEqual(answer["author"], ping["author"])
        alice.leave()


if __name__ == "__main__":
    unittest.main()
