"""A small server that does what `spec.json` in its folder says: what the http check is tried on, right and wrong.

It shares no code with the check. Tests change its spec.json and ask whether the check, which keeps the true spec,
notices. `faults` in spec.json name deviations that no spec can express.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import queue
import re
import sqlite3
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

SPEC = json.loads(Path("spec.json").read_text())
ENDPOINTS, FAULTS = SPEC["endpoints"], set(SPEC.get("faults", []))
DATABASE = os.environ["DATABASE_PATH"]
STREAMS: list[tuple[str, queue.Queue]] = []
LOCK = threading.Lock()


class Refuse(Exception):
    def __init__(self, status):
        self.status = status


def connect():
    database = sqlite3.connect(DATABASE, isolation_level=None, timeout=10)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    return database


def now(days=0):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def hashed(text):
    return "scrypt$" + (text if "plain" in FAULTS else hashlib.sha256(text.encode()).hexdigest())


def token_hash(token):
    return hashlib.sha256(token.encode()).hexdigest()


def convert(field, value):
    kind = field["type"]
    try:
        if kind == "integer" and isinstance(value, str):
            return int(value)
        if kind == "boolean" and isinstance(value, str):
            return {"true": True, "false": False}[value]
    except (ValueError, KeyError):
        raise Refuse(422) from None
    if kind == "uuid" and not re.fullmatch(r"[0-9a-f-]{36}", str(value)):
        raise Refuse(422)
    if kind == "string" and not isinstance(value, str):
        raise Refuse(422)
    return value


def validate(field, given):
    if field["name"] not in given or (given[field["name"]] is None and not field.get("required")):
        if field.get("required"):
            raise Refuse(422)
        return field.get("default")
    value = convert(field, given[field["name"]])
    if field.get("trim"):
        value = value.strip()
    size = len(value) if isinstance(value, str) else value
    if field["type"] != "uuid" and not field.get("min", size) <= size <= field.get("max", size):
        raise Refuse(422)
    if field.get("pattern") and not re.search(field["pattern"], value):
        raise Refuse(422)
    return value


def caller_of(database, spec, header):
    token = header.removeprefix("Bearer ") if header else ""
    row = database.execute("SELECT user_id FROM tokens WHERE token_hash = ?", (token_hash(token),)).fetchone()
    if spec["auth"] == "required" and row is None:
        raise Refuse(401)
    if spec["auth"] == "optional" and header and row is None:
        raise Refuse(401)
    return row["user_id"] if row else None


def respond(database, spec, values, caller):
    binds = {**values, "user_id": caller, "new_id": str(uuid.uuid4()), "now": now(), "expires_at": now(30)}
    binds["token"] = uuid.uuid4().hex
    binds["token_hash"] = token_hash(binds["token"])
    if "password" in values:
        binds["password_hash"] = hashed(values["password"])
    owner = spec.get("owner")
    if owner:
        row = database.execute(
            f"SELECT {owner['column']} FROM {owner['table']} WHERE id = ?",  # noqa: S608
            (values[owner["param"]],),
        ).fetchone()
        if row and row[0] != caller:
            raise Refuse(owner["status"])
    results = {}
    for query in spec.get("queries", []):
        rows = execute(database, query, binds)
        results[query["name"]] = rows
        if query["rows"] == "one" and rows:
            binds = {**{f"{query['name']}_{name}": value for name, value in rows[0].items()}, **binds}
        if query["name"] == "account" and rows[0]["password_hash"] != hashed(values["password"]):
            raise Refuse(401)
    events = []
    for emit in spec.get("emits", []):
        for row in database.execute(emit["to"], used(emit["to"], binds)).fetchall():
            data = results.get(emit.get("from"), [{}])
            who = caller if "echo" in FAULTS else row[0]
            events.append((who, emit["event"], {name: data[0].get(name) for name in emit.get("payload", [])}))
    return results, binds, events


def used(sql, binds):
    plain = re.sub(r"'[^']*'", "", sql)
    return {name: binds.get(name) for name in re.findall(r":(\w+)", plain)}


def execute(database, query, binds):
    try:
        cursor = database.execute(query["sql"], used(query["sql"], binds))
        rows = [dict(row) for row in cursor.fetchall()]
    except sqlite3.IntegrityError:
        raise Refuse(query.get("conflict", 500)) from None
    count = cursor.rowcount if query["rows"] == "count" else len(rows)
    if "missing" in query and not count:
        raise Refuse(query["missing"])
    if "refuse_if_found" in query and count:
        raise Refuse(query["refuse_if_found"])
    return rows


def shaped(answer, row):
    found = {}
    for field in answer.get("fields", []):
        value = row.get(field["name"])
        found[field["name"]] = bool(value) if field["type"] == "boolean" else value
    if "leak" in FAULTS:
        found["password_hash"] = "x"
    return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if content:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_call(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        if parts.path == "/openapi.json":
            return self.answer(200, openapi())
        for spec in ENDPOINTS:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", spec["path"])
            match = re.fullmatch(pattern, unquote(parts.path))
            if match and spec["method"] == self.command:
                return self.endpoint(
                    spec, {**dict(parse_qsl(parts.query, keep_blank_values=True)), **match.groupdict()}, body
                )
        return self.answer(404, {"detail": "no such path"})

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = handle_call  # noqa: N815

    def endpoint(self, spec, params, body):
        database = connect()
        try:
            caller = caller_of(database, spec, self.headers.get("Authorization"))
            if spec.get("stream"):
                return self.stream(caller)
            given = {field["name"]: validate(field, params) for field in spec.get("params", [])}
            given |= {field["name"]: validate(field, body) for field in spec.get("body", [])}
            database.execute("BEGIN IMMEDIATE")
            results, binds, events = respond(database, spec, given, caller)
            database.execute("COMMIT")
        except Refuse as refusal:
            if database.in_transaction:
                database.execute("COMMIT" if "no_rollback" in FAULTS else "ROLLBACK")
            return self.answer(refusal.status, {"detail": "refused"})
        finally:
            database.close()
        for who, event, data in events:
            with LOCK:
                for user, box in STREAMS:
                    if user == who and "silent" not in FAULTS:
                        box.put((event, data))
        said = next(one for one in spec["responses"] if 200 <= one["status"] < 300)
        rows = results.get(spec.get("answer"), [{}])
        if said.get("list"):
            return self.answer(said["status"], [shaped(said, row) for row in rows])
        return self.answer(
            said["status"], shaped(said, {**rows[0], "token": binds["token"]}) if "fields" in said else None
        )

    def stream(self, caller):
        box = queue.Queue()
        with LOCK:
            STREAMS.append((caller, box))
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                event, data = box.get()
                self.wfile.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
                self.wfile.flush()
        except OSError:
            return


def openapi():
    paths = {}
    for spec in ENDPOINTS:
        operation = {"responses": {str(one["status"]): {} for one in spec["responses"]}, "parameters": []}
        for param in spec.get("params", []):
            required = param.get("required", param["in"] == "path")
            operation["parameters"].append(
                {"name": param["name"], "in": param["in"], "required": required, "schema": bounds(param)}
            )
        if spec.get("body"):
            schema = {"properties": {field["name"]: bounds(field) for field in spec["body"]}}
            schema["required"] = [field["name"] for field in spec["body"] if field["required"]]
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        paths.setdefault(spec["path"], {})[spec["method"].lower()] = operation
    return {"openapi": "3.1.0", "paths": paths}


def bounds(field):
    names = ("minLength", "maxLength") if field["type"] == "string" else ("minimum", "maximum")
    found = {name: field[key] for name, key in zip(names, ("min", "max"), strict=True) if key in field}
    return {} if field.get("trim") or "vague" in FAULTS else found


def main():
    database = connect()
    database.execute("PRAGMA journal_mode = WAL")
    for file in sorted(Path("migrations/sqlite").glob("*.sql")):
        database.executescript(file.read_text())
    database.close()
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()


if __name__ == "__main__":
    main()
