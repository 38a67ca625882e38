"""A client of the platform against `modhost dev`: nothing of it is ours but the address and the key."""
import http.client
import json
import stat
import time
import unittest
import urllib.parse

from harness import KEY, HostTest, wait_until

VERSION = "2023-12-06"
USER, COMPANY = "284719305518067713", "251906337744912385"


class Client:
    """As the platform's own clients are: a base URL, an app and its key."""

    def __init__(self, where, **headers):
        self.base = urllib.parse.urlsplit(where["api_base"])
        self.headers = {"Authorization": "Bearer " + where["api_key"], "x-app-id": where["app_id"], "x-user-id": USER,
                        "x-company-id": COMPANY, "x-api-version": VERSION, **headers}

    def call(self, method, target, body=None):
        connection = http.client.HTTPConnection(self.base.hostname, self.base.port, timeout=20)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, self.base.path + target, data, dict(self.headers, **{"Content-Type": "application/json"}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


class Dev(HostTest):
    def start(self, app, **options):
        host = self.host(**options)
        text = (host.folder / "modules.yaml").read_text()
        lines = [line for line in text.splitlines() if not line.startswith("app:")] + ([f"app: {app}"] if app else [])
        (host.folder / "modules.yaml").write_text("\n".join(lines) + "\n")
        host.command = "dev"
        host.start("--page-port", "0", "--persist")  # its state is where the harness looks
        ports = host.folder / "ports.json"
        self.assertEqual(0o600, stat.S_IMODE(ports.stat().st_mode))
        self.addCleanup(host.stop)
        return host, json.loads(ports.read_text())

    def say(self, client, text):
        """Asks the only module; the chat."""
        space = client.call("GET", "/space")[1]["data"][0]["id"]
        status, message = client.call("POST", "/space/message", {"assistantId": space, "text": text})
        self.assertIn(status, (200, 201), message)
        return message["chatId"]

    def answer(self, client, chat):
        """The whole answer once the turn is completed."""
        def completed():
            latest = client.call("GET", f"/space/{chat}/messages/latest")[1]
            return latest if latest.get("completedAt") and latest.get("role") != "USER" else None
        return wait_until(completed, what="the completed turn")["text"]

    def talk(self, where):
        """A turn as a client of the platform has it: models, a chat, a message made, changed and read."""
        client = Client(where)
        status, models = client.call("GET", "/openai/models")
        self.assertEqual(200, status, models)
        self.assertTrue(models["models"], models)
        status, spaces = client.call("GET", "/space")
        self.assertEqual(200, status, spaces)
        space = spaces["data"][0]["id"]
        status, chat = client.call("POST", "/space/chat", {"title": "From outside", "assistantId": space})
        self.assertIn(status, (200, 201), chat)
        status, made = client.call("POST", "/messages", {"chatId": chat["id"], "assistantId": space, "role": "ASSISTANT",
                                                         "text": "first"})
        self.assertEqual(201, status, made)
        status, changed = client.call("PATCH", "/messages/" + made["id"], {"chatId": chat["id"], "text": "changed"})
        self.assertEqual(200, status, changed)
        status, kept = client.call("GET", "/messages?chatId=" + chat["id"])
        self.assertEqual(200, status, kept)
        self.assertEqual("list", kept["object"])
        self.assertEqual("changed", kept["data"][-1]["text"])

    def test_a_client_with_the_key_of_the_configuration_is_served(self):
        host, where = self.start("{id: app_test, api_key: '${TEST_KEY}'}")
        self.assertEqual(("app_test", KEY), (where["app_id"], where["api_key"]))
        self.talk(where)
        for header, value, expected in (("Authorization", "Bearer ukey_wrong", 401), ("Authorization", KEY, 401),
                                        ("x-app-id", "app_other", 403), ("x-api-version", "2020-01-01", 404),
                                        ("x-user-id", "", 400)):
            status, body = Client(where, **{header: value}).call("GET", "/openai/models")
            self.assertEqual(expected, status, (header, value, body))
        screen = host.log_text()
        self.assertIn("API key     the configured key", screen)
        self.assertIn("API base    " + where["api_base"], screen)
        self.assertNotIn(KEY, screen)

    def test_without_one_the_screen_shows_the_key_that_was_made(self):
        host, where = self.start("")
        self.assertEqual("app_dev", where["app_id"])
        self.assertTrue(where["api_key"].startswith("ukey_"))
        self.talk(where)
        self.assertIn("API key     " + where["api_key"], host.log_text())
        self.assertIn("app id      app_dev", host.log_text())

    def test_a_module_asks_the_user_before_it_answers(self):
        _, where = self.start("", modules="{AskUser: ask_user}")
        client = Client(where)
        chat = self.say(client, "Write about the lease.")
        asked = wait_until(lambda: client.call("GET", "/elicitation/pending")[1], what="the question")[0]
        status, said = client.call("POST", "/elicitation/respond", {"elicitationId": asked["id"], "action": "ACCEPT",
                                                                    "content": {"audience": "the board"}})
        self.assertIn(status, (200, 201), said)
        self.assertTrue(self.answer(client, chat))

    def test_a_model_that_calls_tools_answers_in_the_end(self):
        _, where = self.start("", modules="{ToolLoop: tool_loop}")
        client = Client(where)
        self.assertTrue(self.answer(client, self.say(client, "How long is the notice period of the office in Zurich?")))

    def test_a_table_is_filled_and_given_back(self):
        event = "unique.magic-table.update-cell"
        _, where = self.start("", modules="{CellFiller: cell_filler}", extra=f"subscriptions: {{{event}: CellFiller}}")
        client = Client(where)
        space = client.call("GET", "/space")[1]["data"][0]["id"]
        status, sheet = client.call("POST", "/magic-table", {"assistantId": space, "name": "Vendors"})
        self.assertIn(status, (200, 201), sheet)
        table = sheet["sheetId"]
        self.assertEqual("IDLE", sheet["state"])
        page = Client(dict(where, api_base=where["page"].rstrip("/")))
        for name, row in (("another_module", 3), ("CellFiller", 4)):
            body = {"id": f"evt_{row}", "version": "1.0.0", "event": event, "createdAt": int(time.time()), "userId": USER,
                    "companyId": COMPANY, "payload": {
                        "name": name, "chatId": sheet["chatId"], "assistantId": space, "sheetName": "Vendors",
                        "action": "UpdateCell", "tableId": table, "metadata": {"sheetType": "DEFAULT", "context": ""},
                        "rowOrder": row, "columnOrder": 1, "data": "How long is the notice period?"}}
            status, sent = page.call("POST", "/dev/events", {"body": json.dumps(body), "send": True})
            self.assertEqual(201, status, sent)
        cells = f"/magic-table/{table}?tableId={table}&includeCells=True"
        wait_until(lambda: client.call("GET", cells)[1]["magicTableCells"], what="the answer in its cell")
        wait_until(lambda: client.call("GET", cells)[1]["state"] == "IDLE", what="the table given back")
        filled = client.call("GET", cells)[1]["magicTableCells"]
        self.assertEqual([(4, 2)], [(cell["rowOrder"], cell["columnOrder"]) for cell in filled], "the other one is another module's")

    def test_a_queued_job_ends_with_its_second_event(self):
        host, where = self.start("", modules="{QueuedReport: queued_report}")
        client = Client(where)
        text = self.answer(client, self.say(client, "Report on the lease."))
        for section in ("Background", "Findings", "Recommendation"):
            self.assertIn("## " + section, text)
        events = json.loads(host.admin_get("/api/events")[1])["events"]
        self.assertEqual(["completed", "completed"], [event["state"] for event in events], "one that queues, one that works")


if __name__ == "__main__":
    unittest.main()
