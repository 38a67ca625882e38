"""The customer's document's app: Flask with the SDK's construct_event, whose steps are written out here.

gunicorn -k sync -w 2 flask_sdk:app. The one thing it leaves out is the reply to the platform.
"""
import hashlib
import hmac
import json
import os
import time
from logging.config import dictConfig

from flask import Flask, jsonify, request

endpoint_secret = os.environ["BENCH_SECRET"]

dictConfig({"version": 1, "root": {"level": "DEBUG", "handlers": ["console"]},
            "handlers": {"console": {"class": "logging.StreamHandler", "level": "DEBUG"}}})

app = Flask(__name__)


class SignatureVerificationError(Exception):
    pass


class Event(dict):
    """The SDK's event: a dict with attributes, made recursively."""

    @classmethod
    def construct_from(cls, values):
        event = cls()
        for key, value in values.items():
            event[key] = cls.construct_from(value) if isinstance(value, dict) else value
        return event


def construct_event(payload, sig_header, timestamp, secret, tolerance=300):
    if hasattr(payload, "decode"):
        payload = payload.decode("utf-8")
    try:
        sent_at = int(timestamp)
    except ValueError as error:
        raise SignatureVerificationError("Unable to extract timestamp") from error
    if not sig_header or not sent_at:
        raise SignatureVerificationError("Unable to extract signature")
    expected = hmac.new(secret.encode("utf-8"), msg=payload.encode("utf-8"), digestmod=hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, sig_header):
        raise SignatureVerificationError("No signatures found matching the expected signature for payload")
    if tolerance and sent_at < time.time() - tolerance:
        raise SignatureVerificationError("Timestamp outside the tolerance zone")
    data = json.loads(payload)
    data["userId"], data["companyId"]
    return Event.construct_from(data)


@app.route("/webhook", methods=["POST"])
def webhook():
    payload = request.data
    app.logger.info("Received webhook request.")
    try:
        event = json.loads(payload)
    except json.decoder.JSONDecodeError:
        return "Invalid payload", 400
    sig_header = request.headers.get("X-Unique-Signature")
    timestamp = request.headers.get("X-Unique-Created-At")
    if not sig_header or not timestamp:
        return jsonify(success=False), 400
    try:
        event = construct_event(payload, sig_header, timestamp, endpoint_secret)
    except SignatureVerificationError as error:
        print("Webhook signature verification failed. " + str(error))
        return jsonify(success=False), 400
    if event and event["event"] == "unique.chat.external-module.chosen" and event["payload"]["name"] == "Bench":
        message = event["payload"]["userMessage"]["text"]
        app.logger.info(f"Received message: {message}")
    return "OK", 200
