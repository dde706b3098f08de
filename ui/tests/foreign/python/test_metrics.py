"""The metrics of a real server, read by Prometheus's own parser for Python:

- every line is in the format, every metric has a help text and samples of its type, and histograms are consistent

It is run by hand like test_client.py.
"""

import os
import subprocess
import tempfile
import time
import unittest
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

PROGRAM = os.environ.get("ICHAT_SERVER_BIN")
TIMEOUT_S = 60


def start(data):
    """Starts a server on free ports, and returns its process and the address of its metrics."""
    flags = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data", data, "--no-announce"]
    process = subprocess.Popen([PROGRAM, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lines = [process.stdout.readline(), process.stdout.readline()]
    return process, lines[1].removeprefix("metrics on ").strip()


def read(url):
    """Reads metrics, and returns them by name. Waits until the server has read its rooms."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
            text = response.read().decode()
        families = list(text_string_to_metric_families(text))
        if "ichat_people" in {family.name for family in families}:
            return families
        if time.monotonic() > deadline:
            raise AssertionError(text)


@unittest.skipUnless(PROGRAM, "ICHAT_SERVER_BIN names no server")
class Metrics(unittest.TestCase):
    def test_prometheus_reads_the_metrics(self):
        with tempfile.TemporaryDirectory(prefix="ichat-metrics-") as data:
            process, url = start(data)
            try:
                families = read(url)
            finally:
                process.terminate()
                process.communicate(timeout=TIMEOUT_S)
        self.assertGreater(len(families), 25)
        names = [family.name for family in families]
        self.assertEqual(len(names), len(set(names)), names)
        for family in families:
            with self.subTest(family.name):
                self.assertIn(family.type, ("counter", "gauge", "histogram"))
                self.assertTrue(family.documentation.endswith("."), family.documentation)
                self.assertTrue(family.samples)
                if family.type == "counter":
                    self.assertEqual({sample.name for sample in family.samples}, {f"{family.name}_total"})
                if family.type == "histogram":
                    self.check_histogram(family)

    def check_histogram(self, family):
        buckets = [sample for sample in family.samples if sample.name.endswith("_bucket")]
        bounds = [float(sample.labels["le"]) for sample in buckets]
        self.assertEqual(bounds, sorted(bounds))
        self.assertEqual(bounds[-1], float("inf"))
        counts = [sample.value for sample in buckets]
        self.assertEqual(counts, sorted(counts))
        [count] = [sample.value for sample in family.samples if sample.name == f"{family.name}_count"]
        self.assertEqual(count, counts[-1])


if __name__ == "__main__":
    unittest.main()
