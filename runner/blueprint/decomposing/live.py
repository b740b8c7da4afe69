"""Notifications: the hub, their list, the stream that they arrive on."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.calls import (
    Call,
    endpoint_task,
    notification_fields,
    notification_select,
    paging_params,
)
from runner.blueprint.decomposing.shape import Shape, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_NO_TOKEN = {"status": 401, "when": "the token is missing, unknown or expired"}
_OUTSIDE = {"status": 422, "when": "a parameter or a field of the body is outside its bounds"}
_OWNER = {"owner": {"table": "notifications", "column": "user_id", "param": "notification_id", "status": 403}}


def calls(shape: Shape) -> list[Call]:
    """List, stream and, where it is asked for, marking as read."""
    if not shape.notify:
        return []
    found = [_list(shape), _stream(shape)]
    if shape.notify["read"]:
        found.append(_read_one(shape))
    return [*found, _read_all(shape)] if shape.notify["read_all"] else found


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """The hub and the endpoints; nothing where nobody is notified."""
    return [_hub(shape), *(endpoint_task(shape, call) for call in calls(shape))] if shape.notify else []


def _hub(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/events.py",
        "purpose": "Keeps the open streams of each user and hands every published event to them at once; knows no database.",
        "role": "events",
        "exports": [
            {"name": "hub", "signature": "hub: Hub"},
            {
                "name": "Hub.publish",
                "signature": "publish(self, user_ids: Iterable[str], event: str, data: dict[str, object]) -> None",
                "returns": "safe to call from any thread",
            },
            {
                "name": "Hub.subscribe",
                "signature": "subscribe(self, user_id: str) -> Subscription",
                "returns": "from now on the events of the user",
            },
            {
                "name": "stream",
                "signature": "stream(subscription: Subscription, events: Collection[str], heartbeat: float) -> AsyncIterator[str]",
                "returns": "server-sent events as text",
            },
        ],
        "settings": {"queue_size": 100},
    }
    return task(
        "realtime_hub", "Hub that carries events to the open streams of a user", "realtime", spec, shape.notify["ids"]
    )


def _list(shape: Shape) -> Call:
    listing = shape.notify["listing"]
    fields: list[JsonObject] = [
        {"name": name, "type": kind, **({"null": True} if null else {})}
        for name, kind, null in notification_fields(shape)
    ]
    down = " DESC" if listing["descending"] else ""
    order = f"notifications.created_at{down}, notifications.id{down}"
    sql = f"{notification_select(shape)} WHERE notifications.user_id = :user_id ORDER BY {order} LIMIT :limit OFFSET :offset"
    return Call(
        "list_notifications",
        "GET",
        "/api/notifications",
        f"list one's notifications, {'newest' if down else 'oldest'} first",
        "notifications",
        "required",
        ids(shape.notify["ids"], shape.paging_ids, listing["ids"]),
        [{"status": 200, "when": "the page of notifications", "list": True, "fields": fields}, _NO_TOKEN, _OUTSIDE],
        [{"name": "notifications", "sql": sql, "rows": "many"}],
        "notifications",
        paging_params(shape, listing),
        [],
        ["notifications", "users"],
        component="realtime",
    )


def _stream(shape: Shape) -> Call:
    return Call(
        "stream_notifications",
        "GET",
        "/api/notifications/stream",
        "receive one's notifications as they happen",
        "notifications",
        "required",
        list(shape.notify["ids"]),
        [
            {
                "status": 200,
                "when": "the stream is open: server-sent events until the client leaves",
                "media": "text/event-stream",
            },
            _NO_TOKEN,
        ],
        [],
        extra={"role": "stream", "stream": {"events": database.events(shape), "heartbeat_seconds": 15}},
        component="realtime",
    )


def _read_one(shape: Shape) -> Call:
    return Call(
        "read_notification",
        "POST",
        "/api/notifications/{notification_id}/read",
        "mark one's notification as read",
        "notifications",
        "required",
        list(shape.notify["read"]),
        [
            {"status": 204, "when": "the notification is read"},
            _NO_TOKEN,
            {"status": 403, "when": "the notification belongs to another user"},
            {"status": 404, "when": "no notification has this id"},
            _OUTSIDE,
        ],
        [
            {
                "name": "mark",
                "sql": "UPDATE notifications SET is_read = 1 WHERE id = :notification_id",
                "rows": "count",
                "missing": 404,
            }
        ],
        "",
        [
            {
                "name": "notification_id",
                "in": "path",
                "type": "uuid",
                "required": True,
                "references": {"table": "notifications", "column": "id"},
            }
        ],
        [],
        ["notifications"],
        [{"table": "notifications", "action": "update", "columns": ["is_read"]}],
        dict(_OWNER),
        "low",
        "realtime",
    )


def _read_all(shape: Shape) -> Call:
    return Call(
        "read_notifications",
        "POST",
        "/api/notifications/read",
        "mark all of one's notifications as read",
        "notifications",
        "required",
        list(shape.notify["read_all"]),
        [{"status": 204, "when": "all are read"}, _NO_TOKEN],
        [{"name": "mark", "sql": "UPDATE notifications SET is_read = 1 WHERE user_id = :user_id", "rows": "none"}],
        "",
        [],
        [],
        ["notifications"],
        [{"table": "notifications", "action": "update", "columns": ["is_read"]}],
        {},
        "low",
        "realtime",
    )
