"""Starts `modhost dev` in a folder of its own and stops it again."""

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class DevHost:
    """A running host with its stand-in; ports are free ones. Use as a context."""

    def __init__(self, binary, plugins_dir, modules, options=(), folder=None, keep=False):
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="modhost-browser-"))
        self._keep = keep  # the folder stays for the next host, which removes it
        self.log = self.folder / "host.log"
        config = self.folder / "modules.yaml"
        lines = ["listen: 127.0.0.1:0", "admin: 127.0.0.1:0", f"state_dir: {self.folder / 'data'}",
                 f"plugins_dir: {pathlib.Path(plugins_dir).resolve()}", "modules:"]
        lines += [f"  {name}: {plugin}" for name, plugin in modules.items()]
        config.write_text("\n".join(lines) + "\n")
        self._ports_file = self.folder / "ports.json"
        self._command = [str(pathlib.Path(binary).resolve()), "dev", "--config", str(config), "--page-port", "0",
                         "--ports-file", str(self._ports_file), *options]
        self._process = None
        self.page = ""

    def __enter__(self):
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        end = time.monotonic() + START_TIMEOUT_S
        while not self._ports_file.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__(None, None, None)
                raise RuntimeError("modhost dev did not come up:\n" + self.output)
            time.sleep(0.05)
        self.page = json.loads(self._ports_file.read_text())["page"]
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.output = self.log.read_text(errors="replace")
        self._ports_file.unlink(missing_ok=True)
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def exit_code(self):
        return self._process.returncode

    def state(self, chat_id=""):
        """What the stand-in has stored of a chat."""
        url = self.page + "dev/state?chatId=" + urllib.parse.quote(chat_id)
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)
