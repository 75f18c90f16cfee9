"""Answers requests until a signal ends it: in this process, or in several that share one socket."""

import signal
import socket

import uvicorn
from uvicorn.supervisors import Multiprocess

GRACE_SECONDS = 20
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Listen at `host:port` (0: any free port), so that whoever comes while the service still starts waits a moment.

    Raises OSError when nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listening.set_inheritable(True)
    # The event loop sets this only on sockets that it opens itself; without it every answer waits 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve(listening: socket.socket, at: str, workers: int) -> int:
    """Serve in `workers` processes, and say `at` which address; returns an exit code once everything is answered.

    SIGTERM lets requests that have begun end, for at most 20 seconds.
    """
    config = uvicorn.Config(
        "service.app:create_app",
        factory=True,
        workers=workers,
        log_level="warning",
        access_log=False,
        # Whose forwarded address is believed is the service's own rule, not the server's.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # The server raises the signal that ended it once more; by then everything is answered, and this is a good end.
    signal.signal(signal.SIGTERM, _ended)
    print(f"Amends is at {at} (Ctrl+C ends it)", flush=True)  # noqa: T201 - whoever started it reads this
    try:
        if workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        return 0
    except SystemExit as ended:
        return 1 if ended.code else 0
    return 0


def _ended(_sign: int, _frame: object) -> None:
    return None
