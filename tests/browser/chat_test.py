"""The chat page in headless Chromium against the real `modhost dev`: real keys and clicks, real signed HTTP between all
parts. What the page shows is compared with what the stand-in has stored."""

import json
import time

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from dev_host import DevHost
from chat_page import CHOSEN, PageTest, arguments, main

QUESTION = "make me a demo please"
ANSWER = "Hello from the Assistant Demo! 🚀 echo " + QUESTION
MARKDOWN_MAX_MS = 1000  # for 300 kB; a scan to the end of the line for each bracket takes several times that
SILENCE_S = 2  # how long an answer that must not come is waited for, once the event has arrived


class ChatPage(PageTest):

    def test_the_answer_appears_and_is_the_stored_one(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.answers() == [ANSWER], "the answer")
        self.wait(lambda: self.texts("#chat .turn.user .text") == [QUESTION], "the question")  # its answer may come first
        stored = [one for one in self.stored() if one["role"] == "ASSISTANT" and one["text"]]
        self.assertEqual(self.answers(), [one["text"] for one in stored])
        self.wait(self.is_unlocked, "the unlocked input")
        turn = [one for one in self.stored() if one["role"] == "ASSISTANT" and not one["text"]]
        self.assertEqual(1, len(turn))
        self.assertTrue(turn[0]["completedAt"], "the host completes the turn")
        self.wait(lambda: self.card_state() == "completed", "the event's end in the timeline")
        self.type_message("and again")
        self.wait(lambda: len(self.answers()) == 2, "the second answer")
        self.assertTrue(self.answers()[1].endswith("echo and again"))

    def test_the_timeline_shows_the_event_and_its_calls(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.card_state() == "completed", "the event's end in the timeline")
        # Between them the host may have looked whether stop was pressed.
        self.wait(lambda: [one["method"] for one in self.rows("call") if one["method"] != "GET"] == ["POST", "PATCH"],
                  "two calls of the API")
        delivery, = self.rows("delivery")
        self.assertEqual(("200", "accepted"), (delivery["status"], delivery["verdict"]))
        self.assertEqual(1, len(self.rows("journaled")))
        self.assertEqual(1, len(self.rows("attempt")))
        self.assertEqual(1, len(self.rows("ended")))
        calls = self.rows("call")
        self.assertTrue(all(one["status"].startswith("20") for one in calls), calls)
        call = self.one(f".event[data-name='{CHOSEN}'] [data-method=POST] summary")
        call.click()
        body = self.wait(lambda: self.texts(f".event[data-name='{CHOSEN}'] [data-method=POST] details[open] pre"), "its body")
        self.assertIn(ANSWER, body[0])

    def test_a_corrupt_signature_is_refused(self):
        self.open_composer()
        Select(self.one("#corrupt")).select_by_value("signature")
        self.one("#send-event").click()
        self.wait(lambda: [one["status"] for one in self.rows("delivery")] == ["401"], "the refusal")
        events = self.host.state(self.chat_id())["events"]
        self.assertEqual([401], [one["status"] for one in events[-1]["tries"]])
        self.assertEqual("expired", events[-1]["outcome"])
        self.wait(lambda: "401" in self.one("#notice").text, "the notice")
        self.assertEqual([], self.answers())

    def test_a_composed_event_is_answered(self):
        self.open_composer()
        Select(self.one("#corrupt")).select_by_value("")
        self.one("#send-event").click()
        self.wait(lambda: self.answers() == [ANSWER], "the answer")

    def test_raw_bytes_reach_the_host(self):
        self.open_composer()
        box = self.one("#event-body")
        box.click()
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys("{not json")
        Select(self.one("#corrupt")).select_by_value("")
        self.one("#send-event").click()
        self.wait(lambda: [one["verdict"] for one in self.rows("delivery", "")] == ["dead_lettered"], "the dead letter")

    def test_sending_again_is_a_duplicate(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.answers() == [ANSWER], "the answer")
        self.wait(lambda: self.card_state() == "completed", "the event's end in the timeline")
        self.one(f".event[data-name='{CHOSEN}'] .resend").click()
        self.wait(lambda: [one["verdict"] for one in self.rows("delivery")] == ["accepted", "duplicate"], "the duplicate")
        time.sleep(SILENCE_S)
        self.assertEqual([ANSWER], self.answers(), "a duplicate runs nothing")

    def test_text_is_never_html(self):
        self.type_message("<img src=x onerror=alert(1)> <script>alert(2)</script> **bold**")
        self.wait(lambda: len(self.answers()) == 1, "the answer")
        self.assertIn("<img src=x onerror=alert(1)> <script>alert(2)</script> bold", self.answers()[0])
        self.assertEqual([], self.all("#chat img, #chat script"))
        self.assertEqual("bold", self.one("#chat .turn.assistant strong").text)

    def test_the_switch_fails_the_api(self):
        self.set_faults("500", "")
        try:
            self.type_message(QUESTION)
            self.wait(lambda: "500" in [one["status"] for one in self.rows("call")], "a failed call")
            self.assertEqual([], self.answers())
        finally:
            self.set_faults("none")

    def test_keys_alone_are_enough(self):
        self.one("#message").send_keys("first line", Keys.SHIFT + Keys.ENTER, Keys.NULL + "second line")
        self.assertEqual("first line\nsecond line", self.one("#message").get_attribute("value"))
        self.one("#message").send_keys(Keys.ENTER)
        self.wait(lambda: len(self.answers()) == 1, "the answer")
        self.wait(self.is_unlocked, "the unlocked input")
        self.assertTrue(self.chat_id())
        self.one("body").send_keys(Keys.ALT + "n")
        self.wait(lambda: not self.chat_id(), "a new chat")
        self.assertEqual("message", self.browser.execute_script("return document.activeElement.id"))

    def test_a_reload_shows_the_same(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.answers() == [ANSWER], "the answer")
        chat = self.chat_id()
        self.browser.get(self.host.page)
        self.wait(lambda: self.all("#chats button"), "the list of chats")
        self.one("#chats button").click()
        self.wait(lambda: self.chat_id() == chat and self.answers() == [ANSWER], "the same chat")

    def test_a_phone_is_wide_enough(self):
        self.browser.set_window_size(500, 900)
        self.type_message(QUESTION)
        self.wait(lambda: self.answers() == [ANSWER], "the answer")
        overflow = self.browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        self.assertLessEqual(overflow, 0)
        self.assertFalse(self.one(".right").is_displayed())
        self.one(".tabs [data-tab=right]").click()
        self.assertTrue(self.one(".right").is_displayed())
        self.assertFalse(self.one(".centre").is_displayed())


class WithAnAssistant(PageTest):
    """A module that logs steps, streams, cites and asks; the answers come from the built-in knowledge base."""

    modules = {"Assistant": "streams_answer"}

    @classmethod
    def plugins_dir(cls):
        return arguments.test_plugins_dir

    def test_steps_tick_the_answer_streams_and_its_source_opens(self):
        self.type_message("What is the notice period of the Zürich office lease?")
        self.wait(lambda: self.step_states() == ["RUNNING"], "the running step")
        took = lambda: (self.texts(".steps .took") or [""])[0]
        first = took()
        self.wait(lambda: took() != first or self.step_states() == ["COMPLETED"], "the step's ticking time")
        self.wait(lambda: self.step_states() == ["COMPLETED"], "the completed step")
        self.wait(lambda: self.newest_text().startswith("Term and notice"), "the first words")
        partial = self.newest_text()
        self.assertNotIn("five years", partial, "the answer comes word by word")
        self.assertTrue(self.all(".turn.streaming[aria-busy=true]"), "a caret while it streams")
        self.wait(lambda: self.browser.execute_script(
            "const turn = document.querySelector('.turn.streaming'); return turn && getComputedStyle(turn).opacity") == "1",
            "a bubble that is seen while it grows")
        self.wait(lambda: "another five years." in self.newest_text() and self.is_unlocked(), "the whole answer")
        self.assertFalse(self.all(".turn.streaming"))
        self.assertEqual(["1lease-zurich.md : 2"], self.texts("#chat .turn > .references li"))
        stored = [one["text"] for one in self.stored() if one["role"] == "ASSISTANT"]
        self.assertTrue(stored[0].endswith("<sup>1</sup>"), stored)
        citation = self.one("#chat .text sup button")
        self.assertIn("lease-zurich.md", citation.get_attribute("aria-label"))
        citation.click()
        self.wait(lambda: self.one("#document").is_displayed(), "the source")
        self.assertEqual("Office lease Zürich", self.one("#document-title").text)
        self.assertIn("CHF 18,400", self.one("#document-text").text)
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.one("#document").is_displayed(), "the closed source")
        self.one("#chat .turn > .references .document-link").send_keys(Keys.ENTER)
        self.wait(lambda: self.one("#document").is_displayed(), "the source again, by key")
        self.one("#document-close").click()

    def test_stop_ends_the_answer(self):
        self.type_message("What is the notice period of the Zürich office lease?")
        self.wait(lambda: self.newest_text().startswith("Term and notice"), "the first words")
        self.one("#stop").click()
        began = time.monotonic()
        self.wait(self.is_unlocked, "the unlocked input", 3)
        self.wait(lambda: self.card_state() in ("completed", "cancelled"), "the event's end", 3)
        self.assertLess(time.monotonic() - began, 3)
        self.assertIn("You stopped this answer.", self.texts(".aborted"))
        turn = [one for one in self.stored() if one["role"] == "ASSISTANT"][0]
        self.assertTrue(turn["userAbortedAt"])
        self.assertNotIn("five years", turn["text"])

    def test_a_question_of_the_module_is_answered(self):
        self.type_message("ask me")
        field = self.wait(lambda: self.all("form.question input"), "the question")[0]
        self.assertIn("Which office?", self.one("form.question").text)
        self.assertIn("metadata.messageLogId is missing", self.one("form.question .hidden-there").text)
        field.send_keys("Bern <b>", Keys.ENTER)
        self.wait(lambda: self.newest_text() == "ACCEPTED Bern <b>", "the module's answer")
        self.wait(lambda: self.one("form.question").get_attribute("data-status") == "ACCEPTED", "the closed question")
        self.assertEqual([], self.all("#chat .text b"))

    def test_a_question_can_be_declined(self):
        self.type_message("ask me")
        self.wait(lambda: self.all("form.question .decline"), "the question")[0].click()
        self.wait(lambda: self.newest_text().strip() == "DECLINED", "the module's answer")

    def test_fields_of_any_name_are_answered(self):
        self.type_message("ask oddly")
        self.wait(lambda: self.all("form.question input"), "the question")
        self.assertEqual([], self.texts("form.question .hidden-there"), "it names its step")
        self.assertEqual(1, len(self.texts("form.question .undrawn")), "the field without a schema is a note")
        self.one("form.question [name=item]").send_keys("chair")
        self.one("form.question [name=namedItem]").click()
        Select(self.one("form.question [name=elements]")).select_by_value("y")
        self.one("form.question [name=length]").send_keys("3", Keys.ENTER)
        self.wait(lambda: self.newest_text().startswith("ACCEPTED"), "the module's answer")
        self.assertEqual({"item": "chair", "length": 3, "namedItem": True, "elements": "y"},
                         json.loads(self.newest_text().removeprefix("ACCEPTED ")))

    def test_odd_steps_hide_nothing_else(self):
        self.type_message("step oddly")
        self.wait(lambda: self.newest_text() == "logged", "the answer")
        self.assertEqual(3, len(self.step_states()))
        self.assertEqual("5", self.texts(".steps .details li")[0])
        self.assertEqual(1, len(self.texts(".steps .details .undrawn")))
        self.wait(self.is_unlocked, "the unlocked input")
        self.type_message("ask me")
        self.wait(lambda: self.all("form.question .decline"), "the question")[0].click()
        self.wait(lambda: self.newest_text().strip() == "DECLINED", "the next answer")

    def test_long_lines_of_markdown_are_read_at_once(self):
        for part in ("[", "![", "[a](", "[" * 299 + "]("):
            took = self.browser.execute_async_script(
                "const [part, done] = arguments, text = part.repeat(300_000 / part.length);"
                "import('/markdown.js').then(({ inline }) => {"
                "  const began = performance.now(), parts = inline(text);"
                "  done(parts.length === 1 && parts[0] === text ? performance.now() - began : 'changed');"
                "}, (error) => done(error.message));", part)
            self.assertLess(took, MARKDOWN_MAX_MS, part[:9])


class WithKeptState(PageTest):
    """--persist and --knowledge: a second start finds what the first one kept."""

    def test_a_restart_shows_the_same_chat(self):
        with DevHost(arguments.binary, arguments.plugins_dir, self.modules, ("--persist",), keep=True) as first:
            self.browser.get(first.page)
            self.wait(lambda: self.one("#send").is_enabled(), "the message box")
            self.type_message(QUESTION)
            self.wait(lambda: self.answers() == [ANSWER] and self.is_unlocked(), "the answer")
            chat = self.chat_id()
        with DevHost(arguments.binary, arguments.plugins_dir, self.modules, ("--persist",), folder=first.folder) as second:
            self.browser.get(second.page)
            self.wait(lambda: self.all("#chats button"), "the list of chats")
            self.one("#chats button").click()
            self.wait(lambda: self.chat_id() == chat and self.answers() == [ANSWER], "the kept chat")
            self.browser.get(self.host.page)  # before the second one goes: its page would miss it


class WithoutPlugin(PageTest):
    """The counter-test: no plugin, no answer."""

    options = ("--no-third-party",)

    def test_no_answer_appears(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.rows("delivery"), "the delivery")
        time.sleep(SILENCE_S)
        self.assertEqual([], [text for text in self.answers() if "Assistant Demo" in text])
        self.assertEqual([], [one for one in self.stored() if "Assistant Demo" in (one["text"] or "")])

    def test_stop_unlocks_the_input(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.one("#stop").is_displayed(), "the stop button")
        self.one("#stop").click()
        self.wait(self.is_unlocked, "the unlocked input")
        aborted = [one["userAbortedAt"] for one in self.stored() if one["role"] == "ASSISTANT"]
        self.assertTrue(aborted[0])


class WithAnotherModule(PageTest):

    modules = {"SomethingElse": "demo_app"}

    def test_the_host_ignores_a_module_it_does_not_know(self):
        self.open_composer()
        body = self.one("#event-body").get_attribute("value").replace("SomethingElse", "DemoApp")
        self.browser.execute_script("arguments[0].value = arguments[1]", self.one("#event-body"), body)
        self.one("#send-event").click()
        self.wait(lambda: [one["verdict"] for one in self.rows("delivery")] == ["ignored"], "the host's answer")
        self.wait(lambda: "ignored" in self.one("#notice").text, "the notice")
        time.sleep(SILENCE_S)
        self.assertEqual([], self.answers())


if __name__ == "__main__":
    main(__doc__)
