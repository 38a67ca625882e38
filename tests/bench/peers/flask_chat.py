"""The concurrency run's peer: the app of flask_sdk with the step that keeps a chat waiting, the model's answer.

gunicorn -k gthread -w 2 --threads 4 flask_chat:app. A thread holds one chat until its model has answered. The answer is
written as the customer's second document writes it: into the assistant message.
"""
import json
import os
import urllib.request

from flask import Flask, request

from flask_sdk import SignatureVerificationError, construct_event, endpoint_secret

API_BASE = os.environ["API_BASE"]
app = Flask(__name__)


def call(method, path, body, event):
    """One call of the platform, with the headers of its SDK."""
    asked = urllib.request.Request(API_BASE + path, json.dumps(body).encode(), method=method, headers={
        "Content-Type": "application/json", "Authorization": f"Bearer {os.environ['API_KEY']}", "x-app-id": "app_bench",
        "x-user-id": event["userId"], "x-company-id": event["companyId"], "x-api-version": "2023-12-06"})
    with urllib.request.urlopen(asked, timeout=600) as answer:
        return json.load(answer)


@app.route("/webhook", methods=["POST"])
def webhook():
    try:
        event = construct_event(request.data, request.headers.get("X-Unique-Signature"),
                                request.headers.get("X-Unique-Created-At"), endpoint_secret)
    except SignatureVerificationError:
        return "bad signature", 400
    if event["event"] != "unique.chat.external-module.chosen":
        return "OK", 200
    payload = event["payload"]
    said = call("POST", "/openai/chat/completions",
                {"model": "AZURE_GPT_4o_2024_1120",
                 "messages": [{"role": "user", "content": payload["userMessage"]["text"]}]}, event)
    call("PATCH", f"/messages/{payload['assistantMessage']['id']}",
         {"chatId": payload["chatId"], "text": said["choices"][0]["message"]["content"],
          "completedAt": "2026-01-01T00:00:00.000Z"}, event)
    return "OK", 200
