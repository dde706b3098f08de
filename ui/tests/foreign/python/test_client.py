"""python-socketio from PyPI against a real server, after docs/protocol.md:

- a client connects, joins a room, posts and receives: on polling, and on WebSocket
- missed entries arrive after a reconnect, once and in order
- the example bot of docs/protocol.md replies, unchanged
- those of docs/bots.md answer each of 200 messages once, though they are killed, and the server restarted and killed
- a program signs in with a key by the lines of docs/bots.md

To run it by hand:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r ui/tests/foreign/python/requirements.txt
    ICHAT_SERVER_BIN=target/debug/ichat-server /tmp/venv/bin/python ui/tests/foreign/python/test_client.py
"""

import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

import nacl.signing
import socketio

PROGRAM = os.environ.get("ICHAT_SERVER_BIN")
TIMEOUT_S = 60


class Server:
    """A real server with a port and a data folder of its own."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = tempfile.TemporaryDirectory(prefix="ichat-python-")
        self.start()

    def start(self):
        flags = ["--listen", f"127.0.0.1:{self.port}", "--data", self.data.name, "--no-announce"]
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

    def restart(self, signal_number):
        self.process.send_signal(signal_number)
        self.process.wait(TIMEOUT_S)
        self.start()

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


class Talker:
    """A guest who posts each message until it is there, whatever happens to the server."""

    def __init__(self, server):
        self.server = server
        self.member = None
        self.secret = ""

    def request(self, event, make_data):
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                if self.member is None or not self.member.client.connected:
                    auth = {"protocol": 1, "name": "Alice", "guest_secret": self.secret}
                    self.member = Member(self.server.url, auth=auth)
                    self.secret = self.member.hello["guest_secret"]
                answer = self.member.client.call(event, make_data(self.member.lobby), timeout=5)
                if answer["event"] != "refused":
                    return answer["data"]
            except (socketio.exceptions.SocketIOError, AssertionError):
                time.sleep(0.1)
        raise AssertionError(f"no answer to {event}")

    def says(self, text):
        entry_id = str(uuid.uuid4())
        self.request("post", lambda room: {"room": room, "id": entry_id, "body": {"kind": "message", "text": text}})
        return entry_id

    def answers(self):
        """Returns what the messages of others reply to."""
        log = self.request("history", lambda room: {"room": room})["entries"]
        while log[0]["seq"] > 1:
            page = self.request("history", lambda room: {"room": room, "before": log[0]["seq"]})
            log = page["entries"] + log
        me = self.member.hello["me"]
        return [entry["body"]["reply_to"] for entry in log if entry["author"] != me and entry["body"]["kind"] == "message"]


def examples(page):
    docs = pathlib.Path(__file__).parents[4].joinpath("docs", f"{page}.md").read_text("utf-8")
    return re.findall(r"```python\n(.*?)```", docs, re.DOTALL)


def wait_until(description, condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {TIMEOUT_S} s: {description}")
        time.sleep(0.05)


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
        code = examples("protocol")[0].replace("http://192.168.1.7:4242", self.server.url)
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

    def test_the_bots_of_the_docs_answer_each_message_once(self):
        as_guest, _, without_library = examples("bots")
        for code in [as_guest, without_library]:
            with self.subTest(code=code[:50]):
                self.answers_each_message_once(code)

    def answers_each_message_once(self, code):
        server = Server()
        self.addCleanup(server.stop)
        folder = tempfile.TemporaryDirectory(prefix="ichat-bot-")
        self.addCleanup(folder.cleanup)
        code = code.replace("192.168.1.7:4242", f"127.0.0.1:{server.port}")
        alice = Talker(server)
        self.addCleanup(lambda: alice.member.disconnect())

        def start_bot():
            bot = subprocess.Popen([sys.executable, "-c", code], cwd=folder.name, stdout=subprocess.DEVNULL)
            self.addCleanup(bot.wait)
            self.addCleanup(bot.kill)
            return bot

        before = alice.says("before its time")
        bot = start_bot()
        # The bot may not be there yet, so the message is repeated.
        wait_until("the bot answers", lambda: alice.says("hello") and alice.answers())
        questions = []
        for number in range(1, 201):
            questions.append(alice.says(f"message {number}"))
            if number == 50:
                server.restart(signal.SIGTERM)
            if number == 100:
                bot.kill()
                bot.wait()
            if number == 110:
                start_bot()
            if number == 150:
                server.restart(signal.SIGKILL)
        wait_until("all messages are answered", lambda: set(questions) <= set(alice.answers()))
        answers = alice.answers()
        self.assertEqual(len(set(answers)), len(answers), "a message was answered twice")
        self.assertNotIn(before, answers)

    def test_a_program_signs_in_with_a_key(self):
        names = {"URL": self.server.url}
        exec(examples("bots")[1], names)
        key, device = nacl.signing.SigningKey.generate(), str(uuid.uuid4())
        connections = [Member(self.server.url, auth=names["sign_in"](key, device)) for _ in range(2)]
        public = names["base64url"](key.verify_key)
        self.assertEqual([member.hello["me"] for member in connections], [public, public])
        for member in connections:
            member.disconnect()


if __name__ == "__main__":
    unittest.main()
