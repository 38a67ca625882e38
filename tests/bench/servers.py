"""The servers that are measured: how each is started on a free port, watched and stopped.

MODHOST_BUILD names the build folder that is measured, build/release without it. Every process started here is the leader of
a process group of its own; leaving the server's context ends that group by its id and waits for it.
"""
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = os.path.join(ROOT, "tests", "bench", "peers")
RELEASE = os.environ.get("MODHOST_BUILD", os.path.join(ROOT, "build", "release"))
SCRATCH = os.path.join(ROOT, "build", "bench")
SECRET = "usig_bench_0123456789abcdef0123456789abcdef"
TICKS = os.sysconf("SC_CLK_TCK")
MODULE = "Bench"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx_binary():
    candidates = [shutil.which("nginx"), "/usr/sbin/nginx", os.path.join(ROOT, "build/tools/nginx/usr/sbin/nginx")]
    return next((path for path in candidates if path and os.access(path, os.X_OK)), None)


def process_tree(pid):
    """The process and its descendants that are alive."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    found += [int(word) for word in file.read().split()]
    return found


def post(port, body, signature):
    """The status of one POST /webhook; what every server is asked before it is measured."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("POST", "/webhook", body, {"X-Unique-Signature": signature, "Content-Type": "application/json",
                                                  "X-Unique-Created-At": str(int(time.time()))})
        return client.getresponse().status
    finally:
        client.close()


class Server:
    """One server: a name, the command that serves `port`, its environment. A context manager that starts and stops it."""

    def __init__(self, name, command, environment=None, folder=None, checks=True):
        self.name, self.command, self.folder, self.checks = name, command, folder, checks
        self.environment = environment or {}
        self.port = self.process = self.log = None

    def prepare(self):
        """Writes the files that the command needs; for derived servers."""

    def __enter__(self):
        os.makedirs(os.path.join(SCRATCH, "logs"), exist_ok=True)
        self.port = free_port()
        self.prepare()
        environment = {**os.environ, "PORT": str(self.port), "BENCH_SECRET": SECRET, "PYTHONPATH": PEERS, **self.environment}
        self.log = open(os.path.join(SCRATCH, "logs", f"{self.name.replace(' ', '-').replace('/', '-')}.log"), "wb")
        self.process = subprocess.Popen([word.replace("@PORT@", str(self.port)) for word in self.command],
                                        cwd=self.folder or ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True)
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(35)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def wait_until_ready(self, seconds=30):
        """Until a rightly signed event gets 200, then makes sure that a wrongly signed one does not."""
        body = json.dumps({"id": "evt_ready", "event": "unique.bench.ready", "userId": "1", "companyId": "1",
                           "payload": {"name": "none"}}).encode()
        mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = post(self.port, body, mac)
                if status == 200:
                    break
                raise RuntimeError(f"{self.name} answers {status} to a signed event; see {self.log.name}")
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start; see {self.log.name}")
            time.sleep(0.05)
        if self.checks and post(self.port, body, "0" * 64) == 200:
            raise RuntimeError(f"{self.name} accepts a wrong signature: it does not do the work that is compared")

    def cpu_seconds(self):
        total = 0
        for pid in process_tree(self.process.pid):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def peak_rss_mb(self):
        """The peaks of all processes added up."""
        total = 0
        for pid in process_tree(self.process.pid):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                    total += next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), 0)
        return total / 1024


class Nginx(Server):
    def __init__(self):
        self.home = os.path.join(SCRATCH, "nginx")
        super().__init__("nginx return 200", [nginx_binary(), "-p", self.home, "-c", os.path.join(self.home, "nginx.conf"),
                                              "-e", "stderr"], checks=False)

    def prepare(self):
        os.makedirs(self.home, exist_ok=True)
        with open(os.path.join(PEERS, "nginx.conf"), encoding="utf-8") as source:
            text = source.read().replace("@PORT@", str(self.port))
        with open(os.path.join(self.home, "nginx.conf"), "w", encoding="utf-8") as target:
            target.write(text)


class Modhost(Server):
    """The product: `modhost run` with a fresh journal, running paused or with a no-op plugin."""

    def __init__(self, name="modhost durable", paused=True):
        self.home = os.path.join(SCRATCH, "modhost")
        self.admin_port = None
        command = [os.path.join(RELEASE, "modhost"), "run", "--config", os.path.join(self.home, "modules.yaml")]
        super().__init__(name, command + (["--paused"] if paused else []))

    # The backlog of a burst is larger than the default allows: that is what the limits are for.
    LIMITS = {"ready_events": 20_000_000, "ready_bytes": "200GiB"}

    def prepare(self):
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(os.path.join(self.home, "plugins"))
        shutil.copy(os.path.join(RELEASE, "tests", "plugins", "noop.so"), os.path.join(self.home, "plugins"))
        self.admin_port = free_port()
        limits = "".join(f"  {key}: {value}\n" for key, value in self.LIMITS.items())
        with open(os.path.join(self.home, "modules.yaml"), "w", encoding="utf-8") as file:
            file.write(f"listen: 127.0.0.1:{self.port}\nadmin: 127.0.0.1:{self.admin_port}\nstate_dir: state\n"
                       f"plugins_dir: plugins\nlog: {{level: warn}}\nlimits:\n{limits}  drain_delay: 0s\n"
                       f"app:\n  id: app_bench\n  api_key: ukey_bench\n  api_base: http://127.0.0.1:9/public/chat\n"
                       f"  endpoint_secrets: [\"{SECRET}\"]\n"
                       f"modules:\n  {MODULE}: {{plugin: noop, order: none, complete_turn: false, in_flight: 256}}\n")

    def metrics(self):
        client = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)
        try:
            client.request("GET", "/metrics")
            return client.getresponse().read().decode()
        finally:
            client.close()


def gunicorn(*arguments):
    return [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:@PORT@", "--chdir", PEERS, *arguments]


def peers():
    """The rows beside ours. None of them stores the event."""
    node = shutil.which("node") or "node"
    found = [
        Server("Flask + gunicorn sync, 2 workers", gunicorn("-k", "sync", "-w", "2", "flask_sdk:app")),
        Server("Flask bare HMAC, gthread 2x8", gunicorn("-k", "gthread", "-w", "2", "--threads", "8", "flask_bare:app")),
        Server("FastAPI + uvicorn, 2 workers", [sys.executable, os.path.join(PEERS, "fastapi_serve.py")]),
        Server("Node http, one process", [node, os.path.join(PEERS, "node_http.js")]),
        Server("Node http, cluster of 2", [node, os.path.join(PEERS, "node_http.js")], {"PROCESSES": "2"}),
    ]
    return found + [Nginx()]


def endpoint_alone():
    return Server("endpoint alone", [os.path.join(RELEASE, "bench", "bench_endpoint"), "@PORT@"])
