"""A server that ends at once, as without power, and comes up again."""

import signal

from impl.postgresql.embedded import Server


def crash(server: Server) -> None:
    assert server._process is not None
    server._process.send_signal(signal.SIGQUIT)
    server._process.wait()
    server._start()
