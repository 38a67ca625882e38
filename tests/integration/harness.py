"""The real binary over real sockets: starts modhost with a configuration, signs and posts events, stands in for the platform."""
import hashlib
import hmac
import http.client
import http.server
import itertools
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

BINARY = os.environ.get("MODHOST", "build/release/modhost")
PLUGINS = os.environ.get("MODHOST_PLUGINS", "build/release/plugins")
FAULTS = os.environ.get("MODHOST_FAULTS", "build/release/tests/plugins")
SECRET = "usig_integration"
KEY = "ukey_integration"
CUT = "cut"


def wait_until(condition, seconds=20.0, what="the condition"):
    """Polls: the thing waited for lives in another process."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come true within {seconds} s")


def chosen(event_id, module="DemoApp", text="hello", chat="chat_1"):
    return json.dumps({
        "id": event_id, "version": "1.0.0", "event": "unique.chat.external-module.chosen", "createdAt": int(time.time()),
        "userId": "284719305518067713", "companyId": "251906337744912385",
        "payload": {"name": module, "description": "d", "configuration": {}, "chatId": chat, "assistantId": "assistant_1",
                    "userMessage": {"id": "msg_u_" + event_id, "text": text, "originalText": text,
                                    "createdAt": "2025-10-09T08:53:20.000Z", "language": "English"},
                    "assistantMessage": {"id": "msg_a_" + event_id, "createdAt": "2025-10-09T08:53:20.000Z"}}},
        ensure_ascii=False).encode()


def signature_headers(body, secret=SECRET, age=0):
    return {"X-Unique-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            "X-Unique-Created-At": str(int(time.time()) - age), "Content-Type": "application/json"}


class StandIn:
    """The platform as far as these tests need it: records calls with their answers. `behave` may replace an answer.

    behave(method, path, body) gives (status, reply), or (status, reply, CUT): done, but the connection breaks before the
    answer.
    """

    def __init__(self):
        self.calls = []
        self.behave = None
        self.made = itertools.count(1)
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                body = json.loads(raw) if raw else None
                call = {"method": self.command, "path": self.path, "body": body, "headers": dict(self.headers), "status": 0}
                with outer.lock:
                    outer.calls.append(call)
                special = outer.behave(self.command, self.path, body) if outer.behave else None
                status, reply, *cut = special or (200, {"id": f"made_{next(outer.made)}", "object": "message"})
                call.update(status=status, reply=reply)
                if cut:
                    self.close_connection = True
                    return
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, *_):  # a killed host resets its connections
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}/public/chat"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def recorded(self, method=None, path_part=""):
        with self.lock:
            return [c for c in self.calls if (method is None or c["method"] == method) and path_part in c["path"]]


class Host:
    """One modhost process in a folder of its own."""

    def __init__(self, folder, api_base, modules="{DemoApp: demo_app}", extra="", env=None, plugins_dir=None,
                 binary=None):
        self.binary = binary or BINARY
        self.folder = pathlib.Path(folder)
        self.plugins_dir = pathlib.Path(plugins_dir or PLUGINS).resolve()
        self.env = dict(os.environ, TEST_SECRET=SECRET, TEST_KEY=KEY, **(env or {}))
        self.process = None
        self.command = "run"
        self.write_config(api_base, modules, extra)

    def write_config(self, api_base, modules, extra=""):
        (self.folder / "modules.yaml").write_text(
            "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate_dir: state\n"
            f"plugins_dir: {self.plugins_dir}\n"
            f"app: {{id: app_test, api_key: '${{TEST_KEY}}', api_base: '{api_base}', endpoint_secrets: ['${{TEST_SECRET}}']}}\n"
            f"limits: {{drain_delay: 0s}}\nmodules: {modules}\n{extra}\n")

    def start(self, *arguments):
        ports = self.folder / "ports.json"
        ports.unlink(missing_ok=True)
        log = open(self.folder / "log.txt", "ab")
        self.process = subprocess.Popen([self.binary, self.command, "--config", str(self.folder / "modules.yaml"), "--ports-file",
                                         str(ports), *arguments], stdout=log, stderr=log, env=self.env)
        log.close()  # the child has its own
        wait_until(lambda: ports.exists() or self.process.poll() is not None, what="the start")
        if not ports.exists():
            raise AssertionError("modhost did not start:\n" + self.log_text())
        where = json.loads(ports.read_text())
        self.webhook = urllib.parse.urlsplit(where["webhook"])
        self.admin = urllib.parse.urlsplit(where["admin"])
        return self

    def log_text(self):
        return (self.folder / "log.txt").read_text(errors="replace")

    def post(self, body, headers=None, timeout=15):
        connection = http.client.HTTPConnection(self.webhook.hostname, self.webhook.port, timeout=timeout)
        try:
            connection.request("POST", self.webhook.path, body, headers or signature_headers(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def admin_get(self, path):
        connection = http.client.HTTPConnection(self.admin.hostname, self.admin.port, timeout=15)
        token = (self.folder / "state" / "admin.token").read_text()
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def event(self, event_id):
        found = json.loads(self.admin_get("/api/events?id=" + event_id)[1])["events"]
        return found[0] if found else None

    def metric(self, name):
        for line in self.admin_get("/metrics")[1].splitlines():
            if line.startswith("modhost_" + name + " "):
                return float(line.split()[1])
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


    def stop(self, timeout=30):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)

        return code

    def limit_file_size(self, size):
        """A full disk without a disk: what grows past `size` fails to be written."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))


class HostTest(unittest.TestCase):
    """A test with a folder, a stand-in and hosts that are gone afterwards."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="modhost-it-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.stand_in = StandIn()
        self.addCleanup(self.stand_in.close)

    def host(self, **options):
        host = Host(self.folder, options.pop("api_base", self.stand_in.base), **options)
        self.addCleanup(lambda: host.process and host.process.poll() is None and host.kill())
        return host

    def run_failing(self, yaml, env=None, arguments=("run",)):
        """Starts with a configuration that can not work; the exit code and what was said."""
        path = pathlib.Path(self.folder) / "modules.yaml"
        path.write_text(yaml)
        done = subprocess.run([BINARY, *arguments, "--config", str(path)], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, TEST_SECRET=SECRET, TEST_KEY=KEY, **(env or {})))
        return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
