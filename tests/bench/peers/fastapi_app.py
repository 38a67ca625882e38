"""FastAPI on uvicorn, two workers: one HMAC over the raw body, then the JSON."""
import hashlib
import hmac
import json
import os

from fastapi import FastAPI, Request, Response

SECRET = os.environ["BENCH_SECRET"].encode()
app = FastAPI()


@app.post("/webhook")
async def webhook(request: Request):
    body = await request.body()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-unique-signature", "")):
        return Response(status_code=401)
    event = json.loads(body)
    return {"id": event["id"]}
