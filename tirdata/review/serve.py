"""The review server on a port."""

import socket
from collections.abc import Callable

from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset
from tirdata.errors import MissingError, UsageError

ADVICE = "tirdata review: starlette and uvicorn are not installed; pip install 'tirdata[review]'"


def check_installed() -> None:
    """Whether there is all that a server needs.

    Raises:
        MissingError: starlette or uvicorn is not installed.
    """
    try:
        import starlette  # noqa: F401, PLC0415  # an extra
        import uvicorn  # noqa: F401, PLC0415
    except ImportError:
        raise MissingError(ADVICE) from None


def serve(
    dataset: Dataset,
    tracking: Tracking | None,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    """Answer until the process is told to stop; ``on_ready`` gets the address to open.

    Raises:
        MissingError: starlette or uvicorn is not installed.
        UsageError: the address is not free, or not one of this machine.
    """
    check_installed()
    import uvicorn  # noqa: PLC0415

    from tirdata.review.app import build_app  # noqa: PLC0415
    from tirdata.review.connection import Connection  # noqa: PLC0415
    from tirdata.review.desk import Desk  # noqa: PLC0415
    from tirdata.review.security import Rules, is_local, new_token  # noqa: PLC0415

    listening = _listen(host, port)
    port = listening.getsockname()[1]
    local = is_local(host)
    token = None if local else new_token()
    names = frozenset() if local else frozenset({host, socket.gethostname(), socket.getfqdn()})
    rules = Rules(port, names, token, local)
    desk = Desk(dataset, tracking)

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            desk.hub.end()  # tabs listen for ever
            await super().shutdown(sockets)

    config = uvicorn.Config(
        build_app(desk, rules),
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        limit_concurrency=200,
        timeout_graceful_shutdown=2,
    )
    on_ready(_address(host, port) + (f"/?token={token}" if token else "/"))
    with listening:
        Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    listening = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)  # who comes before the server is ready waits
    except OSError as error:
        if listening is not None:
            listening.close()
        raise UsageError(
            f"--host {host} --port {port}: cannot listen there ({error.strerror or error}); "
            "expected a free port and an address of this machine"
        ) from None
    return listening


def _address(host: str, port: int) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # all of them; the name is what others know
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
