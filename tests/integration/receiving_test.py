"""What the door answers: several apps and secrets, replays, ids that come again, a full backlog, proxies in front."""
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest
import urllib.parse

from harness import HostTest, chosen, free_port, signature_headers, wait_until

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
NGINX = shutil.which("nginx") or (os.access("/usr/sbin/nginx", os.X_OK) and "/usr/sbin/nginx")


def post(host, path, body, headers, source="127.0.0.1"):
    """The status, the answer and its headers."""
    connection = http.client.HTTPConnection(host.webhook.hostname, host.webhook.port, timeout=15, source_address=(source, 0))
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers
    finally:
        connection.close()


def created(body, seconds_ago):
    event = json.loads(body)
    event["createdAt"] = int(time.time()) - seconds_ago
    return json.dumps(event).encode()


def day(offset):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset * 86400))


class Receiving(HostTest):
    def host_with(self, apps=None, limits="", extra="", env=None):
        """A host whose apps and limits are given as YAML."""
        host = self.host(env=env, extra=extra)
        file = host.folder / "modules.yaml"
        lines = file.read_text().splitlines()
        if apps:
            lines = [apps if line.startswith("app:") else line for line in lines]
        lines = [f"limits: {{drain_delay: 0s{limits}}}" if line.startswith("limits:") else line for line in lines]
        file.write_text("\n".join(lines) + "\n")
        return host

    def labelled(self, host, name, **labels):
        wanted = "{" + ",".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"
        for line in host.admin_get("/metrics")[1].splitlines():
            if line.startswith("modhost_" + name + wanted + " "):
                return float(line.split()[-1])
        return None


class Apps(Receiving):
    def apps(self, *entries):
        return "apps:\n" + "\n".join(
            f"  - {{id: {name}, path: {path}, api_base: '{self.stand_in.base}', api_key: '${{TEST_KEY}}', secrets: [{secrets}]}}"
            for name, path, secrets in entries)

    def test_the_secret_that_matches_decides_the_app_on_a_shared_path_and_on_its_own(self):
        env = {"S_A": "usig_a", "S_B": "usig_b", "S_C": "usig_c"}
        host = self.host_with(self.apps(("app_a", "/webhook", "{env: S_A, id: ka}"), ("app_b", "/webhook", "{env: S_B, id: kb}"),
                                        ("app_c", "/webhook/c", "{env: S_C, id: kc}")), env=env).start()
        for name, secret, path in (("app_a", "usig_a", "/webhook"), ("app_b", "usig_b", "/webhook"), ("app_c", "usig_c", "/webhook/c")):
            body = chosen("evt_" + name)
            self.assertEqual(post(host, path, body, signature_headers(body, secret))[:2],
                             (200, {"status": "accepted", "id": "evt_" + name}))
            wait_until(lambda: host.event("evt_" + name)["state"] == "completed", what=name)
            self.assertEqual(host.event("evt_" + name)["app"], name)
            call = self.stand_in.recorded("PATCH", "msg_a_evt_" + name)[0]
            self.assertEqual({k.lower(): v for k, v in call["headers"].items()}["x-app-id"], name)
        body = chosen("evt_stray")
        self.assertEqual(post(host, "/webhook/c", body, signature_headers(body, "usig_a"))[0], 401, "a secret counts on its path")
        self.assertEqual(post(host, "/webhook", body, signature_headers(body, "usig_c"))[0], 401)
        body = chosen("evt_app_a", text="the same id from another app is another event")
        self.assertEqual(post(host, "/webhook", body, signature_headers(body, "usig_b"))[1]["status"], "accepted")
        self.assertEqual([self.labelled(host, "webhook_signature_matches_total", app="app_" + k, key="k" + k) for k in "abc"], [1, 2, 1])
        self.assertEqual(host.stop(), 0)

    def test_secrets_count_between_their_dates_and_their_end_is_announced(self):
        env = {"S_OLD": "usig_old", "S_NOW": "usig_now", "S_NEXT": "usig_next", "S_GONE": "usig_gone"}
        host = self.host_with(self.apps(
            ("app_a", "/webhook", f"{{env: S_OLD, id: old, not_after: '{day(-1)}'}}, "
                                  f"{{env: S_NOW, id: now, not_before: '{day(-1)}', not_after: '{day(3)}'}}, "
                                  f"{{env: S_NEXT, id: next, not_before: '{day(1)}'}}"),
            ("app_b", "/webhook/b", f"{{env: S_GONE, id: gone, not_after: '{day(-1)}'}}")), env=env).start()
        for secret, status in (("usig_old", 401), ("usig_now", 200), ("usig_next", 401)):
            body = chosen("evt_" + secret.removeprefix("usig_"))
            self.assertEqual(post(host, "/webhook", body, signature_headers(body, secret))[0], status, secret)
        body = chosen("evt_gone")
        self.assertEqual(post(host, "/webhook/b", body, signature_headers(body, "usig_gone"))[0], 401)
        log = wait_until(lambda: "all its deliveries are refused" in host.log_text() and host.log_text(), what="the alarm")
        alarms = [json.loads(line) for line in log.splitlines() if "all its deliveries are refused" in line]
        self.assertEqual([(one["level"], one["app"]) for one in alarms], [("error", "app_b")])
        warnings = [json.loads(line) for line in log.splitlines() if "an endpoint secret ends soon" in line]
        self.assertEqual([(one["level"], one["app"], one["key"]) for one in warnings], [("warning", "app_a", "now")])
        left = self.labelled(host, "secret_expires_seconds", app="app_a", key="now")
        self.assertTrue(3 * 86400 - 120 < left <= 3 * 86400, left)
        self.assertLess(self.labelled(host, "secret_expires_seconds", app="app_a", key="old"), 0)
        self.assertIsNone(self.labelled(host, "secret_expires_seconds", app="app_a", key="next"))
        for secret in env.values():
            self.assertNotIn(secret, log + host.admin_get("/metrics")[1])


class Replays(Receiving):
    def test_an_event_that_is_too_old_is_kept_and_not_run(self):
        host = self.host().start()
        old = created(chosen("evt_old"), 8 * 86400)
        self.assertEqual(host.post(old), (200, {"status": "expired", "id": "evt_old"}))
        self.assertEqual(host.post(old), (200, {"status": "duplicate", "id": "evt_old"}))
        self.assertEqual(host.post(created(chosen("evt_late"), 6 * 86400))[1]["status"], "accepted")
        wait_until(lambda: host.event("evt_late")["state"] == "completed", what="the other one")
        event = host.event("evt_old")
        self.assertEqual((event["state"], event["reason"]), ("expired", "too_old"))
        self.assertEqual(self.stand_in.recorded(path_part="evt_old"), [], "no call was made for it")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        self.assertEqual(self.labelled(host, "webhook_requests_total", outcome="expired"), 1)
        host.kill()
        host.start()
        self.assertEqual(host.event("evt_old")["state"], "expired")
        self.assertEqual(host.post(old)[1]["status"], "duplicate", "also after a crash")
        self.assertEqual(host.stop(), 0)

    def test_no_limit_of_age(self):
        host = self.host_with(limits=", max_event_age: 0").start()
        self.assertEqual(host.post(created(chosen("evt_old"), 400 * 86400))[1]["status"], "accepted")
        wait_until(lambda: host.event("evt_old")["state"] == "completed", what="completed")

    def test_an_id_with_another_body_is_told_and_not_run(self):
        host = self.host().start()
        first, other = chosen("evt_1", text="first"), chosen("evt_1", text="another TAINT")
        self.assertEqual(host.post(first)[1]["status"], "accepted")
        wait_until(lambda: host.event("evt_1")["state"] == "completed", what="completed")
        self.assertEqual(host.metric("journal_conflicts"), 0)
        self.assertEqual(host.post(first)[1]["status"], "duplicate")
        self.assertEqual(host.metric("journal_conflicts"), 0)
        self.assertEqual(host.post(other), (200, {"status": "duplicate", "id": "evt_1"}))
        self.assertEqual(host.metric("journal_conflicts"), 1)
        told = [json.loads(line) for line in host.log_text().splitlines() if "came with another body" in line]
        self.assertEqual([(one["level"], one["event_id"]) for one in told], [("error", "evt_1")])
        self.assertNotIn("TAINT", host.log_text())
        host.stop()
        host.start()
        self.assertEqual(host.post(other)[1]["status"], "duplicate")
        self.assertEqual(host.metric("journal_conflicts"), 1, "seen again after a restart")
        self.assertEqual(len(self.stand_in.recorded("POST", "/messages")), 1)
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        host.stop()


class Overload(Receiving):
    def test_a_full_backlog_answers_503_and_knows_its_duplicates(self):
        host = self.host_with(limits=", ready_events: 3").start("--paused")
        kept = [chosen(f"evt_{number}") for number in range(3)]
        for body in kept:
            self.assertEqual(host.post(body)[1]["status"], "accepted")
        for number in range(3, 8):
            body = chosen(f"evt_{number}")
            status, _, headers = post(host, "/webhook", body, signature_headers(body))
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))
        for body in kept:
            self.assertEqual(host.post(body)[1]["status"], "duplicate")
        self.assertEqual(host.post(chosen("evt_0", text="other"))[1]["status"], "duplicate")
        self.assertEqual(host.post(b"no event")[1]["status"], "dead_lettered", "it waits for nobody")
        self.assertEqual(host.post(created(chosen("evt_old"), 8 * 86400))[1]["status"], "expired")
        self.assertIsNone(host.event("evt_3"))
        host.stop()
        host.start()
        wait_until(lambda: all(host.event(f"evt_{number}")["state"] == "completed" for number in range(3)), what="the end of the backlog")
        self.assertEqual(host.post(chosen("evt_3"))[1]["status"], "accepted", "the platform sends it again")
        wait_until(lambda: host.event("evt_3")["state"] == "completed", what="its end")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)

    def test_bodies_that_are_received_are_bounded_together(self):
        host = self.host_with(limits=", body_bytes: 1MiB, receiving_bytes: 1MiB").start()
        waiting = http.client.HTTPConnection(host.webhook.hostname, host.webhook.port, timeout=15)
        big = chosen("evt_big", text="x" * 450_000)  # the text is in it twice
        waiting.putrequest("POST", "/webhook")
        for name, value in {**signature_headers(big), "Content-Length": str(len(big))}.items():
            waiting.putheader(name, value)
        waiting.endheaders(big[:-1])  # all but its last byte is held in memory

        def is_refused():
            body = chosen("evt_other", text="y" * 200_000)
            status, _, headers = post(host, "/webhook", body, signature_headers(body))
            return status == 503 and headers["Retry-After"] == "1"

        wait_until(is_refused, what="the refusal")
        waiting.send(big[-1:])
        answer = waiting.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["status"]), (200, "accepted"))
        waiting.close()
        body = chosen("evt_other", text="y" * 200_000)
        wait_until(lambda: post(host, "/webhook", body, signature_headers(body))[0] == 200, what="room again")


class Proxies(Receiving):
    PROXIED = "trusted_proxies: [127.0.0.0/8]"

    def test_bad_signatures_of_a_client_behind_a_proxy_are_held_back(self):
        host = self.host_with(extra=self.PROXIED).start()
        body = chosen("evt_1")
        bad, good = signature_headers(body, "usig_wrong"), signature_headers(body)
        attacker, platform = {"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}, {"X-Forwarded-For": "198.51.100.1, 127.0.0.9"}
        self.assertEqual(post(host, "/webhook", body, {**good, **platform})[1]["status"], "accepted")
        for _ in range(21):
            self.assertEqual(post(host, "/webhook", body, {**bad, **attacker})[0], 401)
        status, _, headers = post(host, "/webhook", body, {**good, **attacker})
        self.assertEqual((status, headers["Retry-After"]), (429, "60"))
        for _ in range(25):
            self.assertEqual(post(host, "/webhook", body, {**bad, **platform})[0], 401, "it has verified")
        self.assertEqual(post(host, "/webhook", body, {**good, **platform})[1]["status"], "duplicate")
        self.assertEqual(self.labelled(host, "webhook_requests_total", outcome="throttled"), 1)
        refused = [json.loads(line) for line in host.log_text().splitlines() if "delivery refused (401)" in line]
        self.assertEqual(refused[0]["client"], "203.0.113.7")

    def test_without_trusted_proxies_no_address_is_held_back(self):
        host = self.host().start()
        body = chosen("evt_1")
        for _ in range(50):
            self.assertEqual(post(host, "/webhook", body, {**signature_headers(body, "usig_wrong"), "X-Forwarded-For": "203.0.113.7"})[0], 401)
        self.assertEqual(host.post(body)[1]["status"], "accepted")
        refused = [json.loads(line) for line in host.log_text().splitlines() if "delivery refused (401)" in line]
        self.assertEqual({one["client"] for one in refused}, {"127.0.0.1"})

    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_the_documented_nginx_tells_who_the_client_is(self):
        host = self.host_with(extra="trusted_proxies: [127.0.0.1]").start()
        os.chmod(self.folder, 0o711)  # nginx's workers are another user when it is started by root
        snippet = re.search(r"```nginx\n(.*?)```", (DOCS / "operations.md").read_text(), re.S).group(1)
        port = free_port()
        shown = snippet.replace("127.0.0.1:8080", f"127.0.0.1:{host.webhook.port}")
        shown = shown.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        shown = re.sub(r"(?m)^\s*ssl_.*\n", "", shown)
        self.assertIn(f"127.0.0.1:{host.webhook.port}", shown)
        self.assertIn(f"listen 127.0.0.1:{port};", shown)
        folder = pathlib.Path(self.folder) / "nginx"
        folder.mkdir()
        temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
                                           f"events {{}}\nhttp {{\n  access_log off;\n{temporary}{shown}}}\n")
        command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        proxy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (proxy.terminate(), proxy.wait(10)))
        host.webhook = urllib.parse.urlsplit(f"http://127.0.0.1:{port}/webhook")

        def answers():
            try:
                body = chosen("evt_1")
                return post(host, "/webhook", body, signature_headers(body))
            except (ConnectionError, json.JSONDecodeError):
                return None

        self.assertEqual(wait_until(answers, what="nginx")[0], 200)
        body = chosen("evt_2")
        forged = {**signature_headers(body, "usig_wrong"), "X-Forwarded-For": "203.0.113.7"}
        self.assertEqual(post(host, "/webhook", body, forged, source="127.0.0.5")[0], 401)
        refused = [json.loads(line) for line in host.log_text().splitlines() if "delivery refused (401)" in line]
        self.assertEqual(refused[-1]["client"], "127.0.0.5", "what nginx saw, not what the client wrote")
        large = chosen("evt_large", text="x" * 450_000)
        self.assertEqual(post(host, "/webhook", large, signature_headers(large))[1]["status"], "accepted")


if __name__ == "__main__":
    unittest.main(verbosity=2)
