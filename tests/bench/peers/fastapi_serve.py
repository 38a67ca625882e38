"""Two uvicorn workers on one socket. `uvicorn --workers 2` would leave Nagle's algorithm on (its socket names no protocol,
so asyncio does not recognise TCP): each answer would then wait 40 ms for the client's acknowledgement."""
import multiprocessing
import os
import signal
import socket

import uvicorn


def work(listener):
    uvicorn.Server(uvicorn.Config("fastapi_app:app", log_level="warning", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(os.environ["PORT"])))
    listener.listen(2048)
    workers = [multiprocessing.get_context("fork").Process(target=work, args=(listener,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    for worker in workers:
        worker.join()
