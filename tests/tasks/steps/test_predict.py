"""A process that predicts goes on fetching: for the next pipeline, or the next day of a backfill."""

import subprocess
import sys

_PROGRAM = """
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from daycast.storage.terms.errors import RegistryError
from daycast.tasks.steps.predict import _load

class Missing:
    pipeline = type("Spec", (), {"name": "mine"})
    def registry(self):
        raise RegistryError("TensorFlow is loaded by now")

try:
    _load(Missing(), "none")
except RegistryError:
    pass

class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_):
        pass

import sys
assert "tensorflow" in sys.modules
server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
threading.Thread(target=server.serve_forever, daemon=True).start()
from curl_cffi import requests
print(requests.get(f"http://127.0.0.1:{server.server_port}/", impersonate="chrome").text)
"""


def test_yahoos_client_still_gets_answers_once_tensorflow_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "hello", done.stderr
