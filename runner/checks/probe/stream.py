"""Server-sent events: who gets them, how soon, and who does not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from runner.checks.derive.compare import alike
from runner.checks.derive.model import success
from runner.checks.derive.reference import Spec
from runner.checks.probe.endpoint import Call, Endpoint
from runner.checks.probe.made import Made
from runner.checks.probe.server import Listener
from runner.checks.probe.world import Account, World

SOON = 5.0
SETTLE = 0.1
"""Seconds that a server gets between its first answer and listening to its own events."""
QUIET = 0.2


def judge_stream(endpoint: Endpoint) -> None:
    """The stream itself, and every endpoint that is served by now and sends events to it."""
    world, spec = endpoint.world, endpoint.spec
    if world.document is not None and not world.serves(spec):
        endpoint.differences.append("the OpenAPI document has no such operation")
        return
    _opens(endpoint)
    for other in world.plan["endpoints"]:
        sends = {emit["event"] for emit in other.get("emits", [])} & set(spec["stream"]["events"])
        if sends and world.serves(other):
            emitter = Endpoint(world, other)
            judge_emission(emitter, spec)
            endpoint.differences += emitter.differences
            endpoint.made += emitter.made
            endpoint.notes += emitter.notes


def _opens(endpoint: Endpoint) -> None:
    spec, world = endpoint.spec, endpoint.world
    tokens = [("without a token", "", {401}), ("with a token that nobody issued", "not-a-token", {401})]
    tokens = tokens if spec["auth"] == "required" else []
    if world.accounts:
        tokens.append(("with a token", world.accounts[0].token, {success(spec)}))
    for words, token, wanted in tokens:
        listener = Listener.open(world.server.port, spec["path"], token)
        listener.close()
        endpoint.made.append(Made("", words, str(listener.status)))
        if listener.status not in wanted:
            endpoint.differences.append(f"{endpoint.name}, {words}: answered {listener.status}, not {min(wanted)}")
        elif listener.status == success(spec) and "text/event-stream" not in listener.media:
            endpoint.differences.append(f"{endpoint.name}: the answer is {listener.media}, not text/event-stream")
        endpoint.reached.add(listener.status)


def judge_emission(endpoint: Endpoint, stream: Spec | None = None) -> None:
    """One call whose event must reach its receiver within seconds, and nobody else."""
    world = endpoint.world
    source = stream or _stream(world, endpoint.spec)
    if source is None:
        endpoint.notes.append("the stream that its events go to is not there yet: not judged here")
        return
    found = endpoint.find(success(endpoint.spec), told=True)
    receiver = endpoint.receiver(found.outcome, found.caller) if found else None
    if found is None or receiver is None:
        endpoint.notes.append("no call was found that tells another user")
        return
    _listen(endpoint, source, found, receiver)


def _stream(world: World, spec: Spec) -> Spec | None:
    events = {emit["event"] for emit in spec.get("emits", [])}
    found = (one for one in world.plan["endpoints"] if one.get("stream") and events & set(one["stream"]["events"]))
    return next((one for one in found if world.serves(one)), None)


def _listen(endpoint: Endpoint, stream: Spec, found: Call, receiver: Account) -> None:
    others = [one for one in endpoint.world.accounts if one.id not in _told(found)]
    port = endpoint.world.server.port
    listeners = {one.token: Listener.open(port, stream["path"], one.token) for one in (receiver, *others)}
    try:
        time.sleep(SETTLE)
        outcome = endpoint.call("a call that another user is told of", found.caller, found.values)
        for event, _, payload in outcome.told:
            _received(endpoint, listeners[receiver.token], event, payload, outcome.free)
            endpoint.notes.append(f"event {event}: {_heard(len(others))}")
        for one in others:
            stray = listeners[one.token].next(QUIET if one is others[0] else 0.01)
            if stray is not None:
                who = "the caller itself" if one is found.caller else "a user whom it does not concern"
                endpoint.differences.append(f"{endpoint.name}: {who} received the event {stray[0]}")
    finally:
        for listener in listeners.values():
            listener.close()


def _heard(others: int) -> str:
    quiet = f", and {others} other{'' if others == 1 else 's'} heard nothing" if others else ""
    return f"reached the receiver's stream{quiet}"


def _told(found: Call) -> set[Any]:
    return {receiver for _, receivers, _ in found.outcome.told for receiver in receivers}


def _received(
    endpoint: Endpoint, listener: Listener, event: str, payload: Mapping[str, Any] | None, free: frozenset[Any]
) -> None:
    real = listener.next(SOON)
    if real is None or real[0] != event:
        came = f"{real[0]} came" if real else f"none came within {SOON:g} s"
        endpoint.differences.append(f"{endpoint.name}: the receiver must get the event {event}; {came}")
        return
    data = real[1] if isinstance(real[1], dict) else {}
    for name, value in (payload or {}).items():
        if name not in data or not alike(value, data[name], free):
            endpoint.differences.append(
                f"{endpoint.name}: the event {event} has {name} {data.get(name)!r}, the spec's SQL gives {value!r}"
            )
