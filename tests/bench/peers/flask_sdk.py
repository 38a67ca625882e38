"""The customer's document's app: Flask with the SDK's construct_event, whose steps are written out here.

gunicorn -k sync -w 2 flask_sdk:app. The one thing it leaves out is the reply to the platform.
"""
import hashlib
import hmac
import json
import os
import time
from collections import OrderedDict
from logging.config import dictConfig

from flask import Flask, jsonify, request

endpoint_secret = os.environ["BENCH_SECRET"]

dictConfig({"version": 1, "root": {"level": "DEBUG", "handlers": ["console"]},
            "handlers": {"console": {"class": "logging.StreamHandler", "level": "DEBUG"}}})

app = Flask(__name__)


class SignatureVerificationError(Exception):
    pass


class Event(dict):
    """The SDK's event: an object for every JSON object in it, each with its user, company and record of changes."""

    inner_types, inner_dicts = {}, []

    def __init__(self, user_id, company_id, id_=None):
        super().__init__()
        self.user_id, self.company_id = user_id, company_id
        self._unsaved, self._transient = set(), set()
        self._last_response = self._previous = None
        self._parameters = {}
        if id_:
            self["id"] = id_

    def __setattr__(self, name, value):
        if name[0] == "_" or name in self.__dict__:
            super().__setattr__(name, value)
        else:
            self[name] = value

    def __setitem__(self, key, value):
        if value == "":
            raise ValueError(f"{key} can not be empty")
        if not hasattr(self, "_unsaved"):
            self._unsaved = set()
        self._unsaved.add(key)
        super().__setitem__(key, value)

    def __getattr__(self, name):
        if name[0] == "_":
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    @classmethod
    def construct_from(cls, values, user_id, company_id):
        event = cls(user_id, company_id, values.get("id"))
        event.refresh_from(values, user_id, company_id)
        return event

    def refresh_from(self, values, user_id, company_id):
        self._last_response = getattr(values, "_last_response", None)
        self._transient = self._transient | (set(self.keys()) - set(values))
        self._unsaved = set()
        self.clear()
        self._transient = self._transient - set(values)
        for key, value in values.items():
            inner, is_beneath = self.inner_types.get(key), key in self.inner_dicts
            super().__setitem__(key, None if is_beneath else converted(value, user_id, company_id, inner))
        self._previous = values


def converted(value, user_id, company_id, kind=None):
    if isinstance(value, list):
        return [converted(item, user_id, company_id, kind) for item in value]
    if isinstance(value, dict) and not isinstance(value, Event):
        value = value.copy()
        named = value.get("object")
        return (Event if isinstance(named, str) or kind is None else kind).construct_from(value, user_id, company_id)
    return value


def compute_signature(payload, secret):
    return hmac.new(secret.encode("utf-8"), msg=payload.encode("utf-8"), digestmod=hashlib.sha256).hexdigest()


def verify_header(payload, signature, timestamp, secret, tolerance):
    if not signature or not timestamp:
        raise SignatureVerificationError("Signature or timestamp header is missing.")
    if not hmac.compare_digest(compute_signature(payload, secret), signature):
        raise SignatureVerificationError("No signatures found matching the expected signature for payload.")
    if tolerance and timestamp < time.time() - tolerance:
        raise SignatureVerificationError("Timestamp outside the tolerance zone")


def construct_event(payload, signature, timestamp, secret, tolerance=300):
    if isinstance(payload, bytes):
        payload = payload.decode("utf-8")
    try:
        timestamp = int(timestamp)
    except ValueError as error:
        raise SignatureVerificationError("Timestamp must be an integer.") from error
    verify_header(payload, signature, timestamp, secret, tolerance)
    data = json.loads(payload, object_pairs_hook=OrderedDict)
    return Event.construct_from(data, data["userId"], data["companyId"])


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
