-- One 2 KiB body, the same each time: enough to compare the generators on a server that does not read it.
wrk.method = "POST"
wrk.body = string.rep("x", 2048)
wrk.headers["Content-Type"] = "application/json"
