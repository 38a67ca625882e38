"""KnowledgeAssistant as a user meets it: the shipped plugin, the stand-in with its knowledge base and model, the chat page."""

import time

from selenium.webdriver.common.keys import Keys

from chat_page import PageTest, arguments, main

QUESTION = "What is the notice period of the Zürich office lease?"
APOLOGY = "Sorry, something went wrong processing your request. Please try again."
SEARCHING, WRITING = "Searching knowledge base...", "Generating response..."
FOUND, WRITTEN = "Found 3 relevant documents", "Response generated"
LONG = " ".join(f"word{i}" for i in range(300))  # the built-in model says it for longer than any test waits
STOP_MAX_S = 3

# What the newest answer and its steps were, each time they changed: polling from here would miss some.
RECORD = """
window.seen = [];
const look = () => {
  const text = [...document.querySelectorAll("#chat .turn.assistant .text")].at(-1)?.textContent ?? "";
  const steps = [...document.querySelectorAll(".steps > li")].map((one) => [one.dataset.status, one.querySelector("p").textContent]);
  const last = window.seen.at(-1);
  if (last?.text !== text || JSON.stringify(last.steps) !== JSON.stringify(steps)) window.seen.push({ text, steps, at: performance.now() });
};
new MutationObserver(look).observe(document.getElementById("chat"), { childList: true, subtree: true, characterData: true });
"""


class WithKnowledge(PageTest):

    modules = {"KnowledgeAssistant": "{plugin: knowledge_assistant, retry: []}"}

    def setUp(self):
        super().setUp()
        self.browser.execute_script(RECORD)

    def seen(self):
        return self.browser.execute_script("return window.seen")

    def steps(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('.steps > li')].map((one) => [one.dataset.status, one.querySelector('p').textContent])")

    def turn(self):
        return [one for one in self.stored() if one["role"] == "ASSISTANT"][-1]

    # The README's: a second turn, of which the timeline is open.
    def take_picture(self):
        self.type_message("How do I report a lost laptop?")
        self.wait(lambda: len(self.answers()) == 2 and self.is_unlocked() and self.card_state() == "completed", "the second answer")
        self.browser.set_window_size(1480, 1010)
        self.browser.save_screenshot(arguments.screenshot)

    def test_an_answer_streams_with_steps_and_sources(self):
        self.type_message(QUESTION)
        self.wait(lambda: self.card_state() == "completed" and self.is_unlocked(), "the end of the turn")
        self.wait(lambda: self.steps() == [["COMPLETED", FOUND], ["COMPLETED", WRITTEN]], "the completed steps")
        answer = self.newest_text()
        self.assertIn("six months", answer)
        self.assertEqual(["USER", "ASSISTANT"], self.browser.execute_script(
            "return [...document.querySelectorAll('#chat .turn')].map((one) => one.dataset.role)"), "the question comes first")
        partial = [one["text"] for one in self.seen() if one["text"] not in ("", answer)]
        self.assertGreaterEqual(len(partial), 2, "the answer grows")
        self.assertEqual(partial, sorted(partial, key=len), "and never shrinks")
        self.assertTrue(any(["RUNNING", WRITING] in one["steps"] and one["text"] for one in self.seen()),
                        "its step runs while it is written")
        turn = self.turn()
        self.assertIn("[source0]", turn["originalText"])
        self.assertIn("<sup>1</sup>", turn["text"])
        self.assertEqual([f"{one['sequenceNumber']}{one['name']}" for one in turn["references"]],
                         self.texts("#chat .turn > .references li"))
        if arguments.screenshot:
            self.take_picture()
        self.all("#chat .text sup button")[0].click()
        self.wait(lambda: self.one("#document").is_displayed(), "the source")
        self.assertEqual("Office lease Zürich", self.one("#document-title").text)
        self.assertIn("six months", self.one("#document-text").text)
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.one("#document").is_displayed(), "the closed source")

    def test_a_step_ticks(self):
        self.set_faults("slow", "/search")
        try:
            self.type_message(QUESTION)
            self.wait(lambda: self.steps() == [["RUNNING", SEARCHING]], "the running step")
            took = lambda: self.texts(".steps .took")[:1]
            first = took()
            self.wait(lambda: took() != first, "its ticking time")
        finally:
            self.set_faults("none")
        self.wait(lambda: self.card_state() == "completed", "the answer")

    def test_a_failing_model_brings_the_apology(self):
        self.set_faults("500", "/openai")
        try:
            self.type_message(QUESTION)
            self.wait(lambda: self.answers() == [APOLOGY] and self.is_unlocked(), "the apology")
            self.wait(lambda: self.steps() == [["COMPLETED", FOUND], ["FAILED", WRITING]], "the failed step")
        finally:
            self.set_faults("none")
        self.wait(lambda: self.card_state() == "dead", "the event's end in the timeline")
        self.assertEqual(APOLOGY, self.turn()["text"])

    def test_as_the_page_comes_a_failing_api_brings_the_apology(self):
        self.one("#faults input[value='500'] + span").click()
        try:
            self.type_message(QUESTION)
            self.wait(lambda: self.answers() == [APOLOGY] and self.is_unlocked(), "the apology, while the API fails")
            self.wait(lambda: self.steps() == [["FAILED", SEARCHING]], "the failed step")
            self.assertTrue(self.host.state()["faults"]["sparesChat"])
        finally:
            self.set_faults("none")

    def test_while_everything_fails_the_page_says_why(self):
        self.set_faults("500", "")
        try:
            self.type_message(QUESTION)
            self.wait(lambda: "takes no apology" in self.one("#notice").text, "the notice")
            self.assertEqual([], self.answers())
        finally:
            self.set_faults("none")
        self.wait(lambda: self.answers() == [APOLOGY] and self.is_unlocked(), "the apology, once it can be written")

    def test_stop_ends_the_answer_and_keeps_what_was_read(self):
        self.type_message("echo " + LONG)
        self.wait(lambda: self.newest_text().startswith("word0 word1"), "the first words")
        began = time.monotonic()
        self.one("#stop").click()
        self.wait(self.is_unlocked, "the unlocked input", STOP_MAX_S)
        self.wait(lambda: self.turn()["completedAt"], "the end of the turn", STOP_MAX_S)
        took = time.monotonic() - began
        self.assertLess(took, STOP_MAX_S)
        self.wait(lambda: self.card_state() == "cancelled", "the event's end in the timeline")
        self.wait(lambda: self.steps()[1:] == [["FAILED", WRITING]], "the failed step")
        self.assertEqual(["You stopped this answer."], self.texts(".aborted"))
        kept = self.turn()["text"]
        self.assertTrue(kept and LONG.startswith(kept.strip()) and kept.strip() != LONG, kept)
        self.wait(lambda: self.newest_text().strip() == kept.strip(), "the kept text")
        texts = [one["text"] for one in self.seen()]
        first = next(i for i, text in enumerate(texts) if text)
        self.assertTrue(all(texts[first:]), "the text was gone in between")


if __name__ == "__main__":
    main(__doc__)
