"""The Prefect server on a socket that listens already: python -m daycast.flows.server.listening DESCRIPTOR.

The process that starts a server for one command opens its socket, and hands it down. A number that was free a moment
ago may be another server's by the time that this one has loaded: the command would then speak to a stranger, whose
password is another one.
"""

import socket
import sys

import uvicorn

APP = "daycast.flows.server.gate:create_app"


def listen(descriptor: int) -> None:
    """Serve until interrupted.

    Not by uvicorn's own ``--fd``: it takes any socket for a Unix one, and asyncio then leaves ``TCP_NODELAY`` out.
    """
    server = uvicorn.Server(uvicorn.Config(APP, factory=True, log_level="error"))
    server.run(sockets=[socket.socket(fileno=descriptor)])
    if not server.started:
        sys.exit(1)


if __name__ == "__main__":
    listen(int(sys.argv[1]))
