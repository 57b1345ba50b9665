"""A server that ends at once, as without power, and comes up again."""

from impl.postgresql.trial.embedded import Server


def crash(server: Server) -> None:
    server.kill()
    server.start()
