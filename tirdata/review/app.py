"""The routes of the review server; see docs/review-api.md."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tirdata import __version__
from tirdata.annotate.pictures import ChangedFrameError
from tirdata.dataset.classes import TIR_CLASSES, VID_CLASSES
from tirdata.errors import (
    BusyError,
    ConflictError,
    DataError,
    MissingError,
    StorageError,
    TirDataError,
    UsageError,
)
from tirdata.review import candidates
from tirdata.review.desk import Desk, NoSuchSequenceError
from tirdata.review.doubt import UNSURE_BELOW, Where, next_doubtful, suggestions
from tirdata.review.edits import (
    HASH_DIGITS,
    EditBody,
    PropagateBody,
    VersionBody,
    XmlBody,
    parse,
)
from tirdata.review.forms import Form, to_json
from tirdata.review.hub import event_text
from tirdata.review.opened import Opened
from tirdata.review.page_files import page_file
from tirdata.review.query import choice, number, whole
from tirdata.review.queue import ORDERS, STATES
from tirdata.review.security import App, Guard, Rules

MOST_BYTES = 2**20  # of a body
BODY_S = 30.0  # until all of it is there
PING_S = 15.0
LOOK_S = 1.0
STATUS: dict[type[TirDataError], tuple[int, str]] = {  # the first that fits
    NoSuchSequenceError: (404, "not_found"),
    ConflictError: (409, "conflict"),
    ChangedFrameError: (409, "frame_changed"),
    DataError: (409, "data"),
    UsageError: (400, "usage"),
    MissingError: (501, "missing"),
    BusyError: (503, "busy"),
    StorageError: (507, "storage"),
    TirDataError: (500, "internal"),
}

Handler = Callable[[Request], Awaitable[Response]]
Work = Callable[[Opened, Request], Form]


class _RefusedError(Exception):
    """A request that is not even looked at."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


def build_app(desk: Desk, rules: Rules) -> App:
    """The application; ``desk`` is started and ended with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(desk.start)
        try:
            yield
        finally:
            await run_in_threadpool(desk.end)

    one = "/api/sequences/{name}"
    routes = [
        Route("/", partial(_index, rules)),
        Route("/page/{name:path}", _page),
        Route("/api/dataset", partial(_dataset, desk)),
        Route("/api/queue", partial(_queue, desk)),
        Route(one, _on(desk, _state)),
        Route(one + "/frames/{index}/{digits}", partial(_frame, desk)),
        Route(one + "/doubtful", _on(desk, _doubtful)),
        Route(one + "/suggest", _on(desk, _suggest)),
        Route(one + "/candidates", _on(desk, _candidates)),
        Route(one + "/events", partial(_events, desk)),
        Route(one + "/edits", partial(_edit, desk), methods=["POST"]),
        Route(one + "/undo", partial(_undo, desk, redo=False), methods=["POST"]),
        Route(one + "/redo", partial(_undo, desk, redo=True), methods=["POST"]),
        Route(one + "/xml", partial(_xml, desk), methods=["POST"]),
        Route(one + "/propagate", partial(_propagate, desk), methods=["POST"]),
        Route(one + "/cancel", partial(_cancel, desk), methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {
        TirDataError: _ours,
        _RefusedError: _refused,
        404: _not_found,
        405: _not_found,
        500: _unforeseen,
    }
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    return Guard(app, rules, refusal)


def refusal(status: int, kind: str, message: str) -> JSONResponse:
    """An answer that is an error."""
    error = {"error": {"kind": kind, "message": message}}
    return JSONResponse(error, status, {"cache-control": "no-store"})


def _ours(_: Request, error: Exception) -> JSONResponse:
    status, kind = next(value for each, value in STATUS.items() if isinstance(error, each))
    return refusal(status, kind, " ".join(str(error).splitlines()))


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, _RefusedError)  # noqa: S101  # registered for nothing else
    return refusal(error.status, error.kind, str(error))


def _not_found(request: Request, _: Exception) -> JSONResponse:
    return refusal(404, "not_found", f"{request.method} {request.url.path}: no such thing")


def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    what = f"{type(error).__name__}: {error}; this is a fault in tirdata"
    return refusal(500, "internal", what)


def _json(value: Form, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(to_json(value), status, headers, "application/json")


def _on(desk: Desk, work: Work) -> Handler:
    """A handler that asks something of one sequence, away from the event loop."""

    def there(request: Request) -> Form:
        opened = desk.find(request.path_params["name"])
        answer = work(opened, request)
        if work is _state:
            answer["running"] = desk.propagator.running(opened.sequence)
        return answer

    async def handler(request: Request) -> Response:
        return await run_in_threadpool(lambda: _json(there(request)))

    return handler


async def _body(request: Request) -> bytes:
    """The whole body, if it is JSON and not too long."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise _RefusedError(415, "type", "a body that is not application/json")
    data = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MOST_BYTES:
                    raise _RefusedError(413, "size", f"a body above {MOST_BYTES} bytes")
    except ClientDisconnect:
        raise _RefusedError(400, "usage", "the body ends too early") from None
    except TimeoutError:
        raise _RefusedError(408, "slow", f"a body that took more than {BODY_S:g} s") from None
    return data


async def _index(rules: Rules, request: Request) -> Response:
    if rules.token is not None and "token" in request.query_params:
        answer = RedirectResponse("/", 303, {"cache-control": "no-store"})
        answer.set_cookie(rules.cookie, rules.token, httponly=True, samesite="strict", path="/")
        return answer
    return await run_in_threadpool(page_file, "index.html")


async def _page(request: Request) -> Response:
    return await run_in_threadpool(page_file, request.path_params["name"])


async def _dataset(desk: Desk, _: Request) -> Response:
    config = desk.dataset.config
    return _json(
        {
            "name": config.name,
            "classes": sorted({*VID_CLASSES, *TIR_CLASSES, *config.classes}),
            "sequences": len(desk.queue),
            "tracker": desk.tracking.config.tracker if desk.tracking is not None else None,
            "candidates": await run_in_threadpool(candidates.available),
            "version": __version__,
        }
    )


async def _queue(desk: Desk, request: Request) -> Response:
    page = partial(
        desk.queue.page,
        order=choice(request, "order", ORDERS),
        state=choice(request, "state", tuple(STATES)),
        find=request.query_params.get("find", "")[:200],
        offset=whole(request, "offset", 0, 0, 10**9),
        limit=whole(request, "limit", 100, 1, 500),
    )
    return _json(await run_in_threadpool(page))


def _state(opened: Opened, request: Request) -> Form:
    tracks = request.query_params.get("tracks")
    if tracks is None:
        return opened.state()
    try:
        return opened.state({int(each) for each in tracks.split(",") if each})
    except ValueError:
        raise UsageError(f"tracks={tracks[:100]}: expected numbers with commas") from None


async def _frame(desk: Desk, request: Request) -> Response:
    def read() -> bytes:
        opened = desk.find(request.path_params["name"])
        index, digits = request.path_params["index"], request.path_params["digits"]
        hashes = opened.card.frames_sha256
        known = index.isascii() and index.isdecimal() and len(index) < 8
        if not known or int(index) >= len(hashes) or hashes[int(index)][:HASH_DIGITS] != digits:
            raise NoSuchSequenceError(f"{opened.sequence.name}: no frame {index[:20]} of this hash")
        return opened.frames().data(int(index))

    data = await run_in_threadpool(read)
    cache = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(data, media_type="image/jpeg", headers=cache)


def _doubtful(opened: Opened, request: Request) -> Form:
    frame = whole(request, "frame", 0, 0, 10**9)
    step = whole(request, "step", 1, -1, 1) or 1
    below = number(request, "below", UNSURE_BELOW)
    where = Where(frame, step, below)
    return next_doubtful(opened.tracks(), opened.count, where, opened.doubts)


def _suggest(opened: Opened, request: Request) -> Form:
    count = whole(request, "count", 5, 1, 100)
    return {"suggestions": suggestions(opened.tracks(), opened.count, count, opened.doubts)}


def _candidates(opened: Opened, request: Request) -> Form:
    frame = whole(request, "frame", 0, 0, opened.count - 1)
    digits = opened.card.frames_sha256[frame][:HASH_DIGITS]
    found = candidates.proposals(opened.frames(), frame)
    return {"frame": frame, "hash": digits, "candidates": found}


async def _say(
    desk: Desk, request: Request, expected: str, act: Callable[[Opened], Form]
) -> Response:
    def there() -> Response:
        opened = desk.find(request.path_params["name"])
        try:
            answer = act(opened)
        except ConflictError as error:
            state = opened.state() | {"running": desk.propagator.running(opened.sequence)}
            error_form = {"kind": "conflict", "message": str(error)}
            return _json({"error": error_form, "state": state}, 409)
        desk.said(opened, expected, answer)
        return _json(answer)

    return await run_in_threadpool(there)


async def _edit(desk: Desk, request: Request) -> Response:
    body = parse(EditBody, await _body(request))
    return await _say(desk, request, body.version, lambda opened: opened.edit(body))


async def _undo(desk: Desk, request: Request, *, redo: bool) -> Response:
    body = parse(VersionBody, await _body(request))
    act = partial(Opened.undo, expected=body.version, redo=redo)
    return await _say(desk, request, body.version, act)


async def _xml(desk: Desk, request: Request) -> Response:
    body = parse(XmlBody, await _body(request))
    act = partial(Opened.settle_xml, expected=body.version, take=body.take)
    answer = await _say(desk, request, body.version, act)
    opened = await run_in_threadpool(desk.find, request.path_params["name"])
    desk.hub.send(opened.sequence, "xml", await run_in_threadpool(opened.xml))
    return answer


async def _propagate(desk: Desk, request: Request) -> Response:
    parse(PropagateBody, await _body(request))

    def there() -> Form:
        opened = desk.find(request.path_params["name"])
        opened.failed.clear()
        opened.paused = False
        desk.propagator.request(opened.sequence)
        return {"pending": len(opened.pending())}

    return _json(await run_in_threadpool(there))


async def _cancel(desk: Desk, request: Request) -> Response:
    parse(PropagateBody, await _body(request))

    def there() -> Form:
        opened = desk.find(request.path_params["name"])
        desk.propagator.cancel(opened)
        return {"pending": len(opened.pending())}

    return _json(await run_in_threadpool(there))


async def _events(desk: Desk, request: Request) -> Response:
    opened = await run_in_threadpool(desk.find, request.path_params["name"])
    hello = await run_in_threadpool(opened.head)
    hello["running"] = desk.propagator.running(opened.sequence)
    if not opened.paused:
        desk.propagator.request(opened.sequence)

    async def stream() -> AsyncIterator[str]:
        quiet = 0.0
        with desk.hub.listening(opened.sequence) as queue:
            yield event_text("hello", hello)
            while True:
                try:
                    text = await asyncio.wait_for(queue.get(), LOOK_S)
                except TimeoutError:
                    quiet += LOOK_S
                    await run_in_threadpool(desk.look_outside, opened)
                    if quiet < PING_S:
                        continue
                    text = ": still here\n\n"
                quiet = 0.0
                if not text:
                    return
                yield text

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)
