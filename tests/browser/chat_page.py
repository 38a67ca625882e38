"""What the tests of the chat page share: a host, headless Chromium at its page, and waiting on conditions."""

import argparse
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from dev_host import DevHost

CHOSEN = "unique.chat.external-module.chosen"
PATIENCE_S = 30

arguments = argparse.Namespace()


def open_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = arguments.chromium
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1440,1000",
                   "--user-data-dir=" + profile):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(arguments.chromedriver), options=options)


class PageTest(unittest.TestCase):
    """One host and one browser a class; every test opens the page anew."""

    modules = {"DemoApp": "demo_app"}
    options = ()

    @classmethod
    def plugins_dir(cls):
        return arguments.plugins_dir

    @classmethod
    def setUpClass(cls):
        cls.host = DevHost(arguments.binary, cls.plugins_dir(), cls.modules, cls.options).__enter__()
        cls.addClassCleanup(cls.host.__exit__, None, None, None)
        profile = tempfile.TemporaryDirectory(prefix="modhost-chromium-", ignore_cleanup_errors=True)
        cls.addClassCleanup(profile.cleanup)
        cls.browser = open_browser(profile.name)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.set_window_size(1440, 1000)
        self.browser.get(self.host.page)
        self.wait(lambda: self.one("#link").get_attribute("data-state") == "live", "the live stream")
        self.wait(lambda: self.one("#message").is_enabled() and self.one("#send").is_enabled(), "the message box")

    def tearDown(self):
        severe = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual([], [message for message in severe if "/dev/" not in message], "errors in the page's console")

    # ---- helpers

    def wait(self, condition, what, seconds=PATIENCE_S):
        try:
            return WebDriverWait(self.browser, seconds, poll_frequency=0.05).until(lambda _: condition())
        except Exception as error:
            self.browser.save_screenshot(arguments.failure_screenshot)
            raise AssertionError(f"{what} did not come within {seconds} s; the page then: "
                                 f"{arguments.failure_screenshot}; the host said:\n"
                                 + self.host.log.read_text(errors="replace")[-3000:]) from error

    def all(self, selector, parent=None):
        return (parent or self.browser).find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, parent=None):
        return (parent or self.browser).find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """textContent, as one script: elements may be redrawn between two calls."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def answers(self):
        return self.texts("#chat .turn.assistant .text")

    def newest_text(self):
        return (self.answers() or [""])[-1]

    def step_states(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('.steps > li')].map((one) => one.dataset.status)")

    def set_faults(self, mode, path="work"):
        Select(self.one("#fault-path")).select_by_value(path)
        self.one(f"#faults input[value='{mode}'] + span").click()
        wanted = {"mode": mode, "path": "" if path == "work" else path, "sparesChat": path == "work"}
        self.wait(lambda: wanted.items() <= self.host.state()["faults"].items(), "the switch")

    def type_message(self, text):
        box = self.one("#message")
        box.click()
        box.send_keys(text)
        box.send_keys(Keys.ENTER)

    def chat_id(self):
        return self.one("#chat-id").text

    def is_unlocked(self):
        return self.one("#message").is_enabled() and not self.one("#stop").is_displayed()

    def rows(self, kind, name=CHOSEN):
        """The data of the rows of one kind in the newest card of that event."""
        return self.browser.execute_script(
            "const card = document.querySelector(`.event[data-name='${arguments[1]}']`);"
            "return card ? [...card.querySelectorAll(`[data-row=${arguments[0]}]`)].map((one) => ({...one.dataset})) : []",
            kind, name)

    def card_state(self):
        return self.browser.execute_script(
            "return document.querySelector(`.event[data-name='${arguments[0]}']`)?.dataset.state ?? ''", CHOSEN)

    def stored(self):
        return [one["message"] for one in self.host.state(self.chat_id())["messages"]]

    def open_composer(self):
        if not self.one("#composer").get_attribute("open"):
            self.one("#composer summary").click()
        self.wait(lambda: self.one("#event-body").get_attribute("value"), "the event template")


def main(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--binary", required=True, help="the modhost program")
    parser.add_argument("--plugins-dir", required=True, help="folder with the shipped plugins")
    parser.add_argument("--test-plugins-dir", help="folder with streams_answer.so")
    parser.add_argument("--screenshot", default="", help="write the page with the answer there (PNG)")
    parser.add_argument("--failure-screenshot", default="browser-failure.png", help="what a failed test leaves")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--chromedriver", default="/usr/bin/chromedriver")
    _, rest = parser.parse_known_args(namespace=arguments)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
